/// A node that a peer tells of, in `addr` or `addrv2`.
public struct KnownNode: Hashable, Sendable {
  /// When it was last seen, seconds since the Unix epoch.
  public var time: UInt32

  /// What it is said to offer.
  public var services: ServiceFlags

  /// Where it is.
  public var endpoint: Endpoint

  /// Creates a node of these fields.
  public init(time: UInt32, services: ServiceFlags, endpoint: Endpoint) {
    self.time = time
    self.services = services
    self.endpoint = endpoint
  }
}
