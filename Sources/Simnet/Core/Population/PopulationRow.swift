import BitcoinWire

/// One kind of node of a census, or one very node: what a crawler learns about it from outside.
public struct PopulationRow: Sendable, Equatable {
  /// How many nodes it stands for.
  public let weight: Int

  /// The network of the address by which others know it.
  public let network: NetworkID

  /// That address; nil where the row stands for several nodes.
  public let address: NetworkAddress?

  /// The port at that address.
  public let port: UInt16

  /// Highest protocol version that it speaks.
  public let version: Int32

  /// What it offers.
  public let services: ServiceFlags

  /// How many blocks it has less than most; below 0 where it claims to have more.
  public let lag: Int

  /// Where it is, as two capital letters (ISO 3166); nil where nobody knows, as with Tor.
  public let country: String?

  /// What it calls itself.
  public let userAgent: String
}
