import Bytes

/// A node as a peer describes it in `addr` or `addrv2`.
public struct KnownNode: Hashable, Sendable {
  /// The time at which the node was last seen, in seconds since the Unix epoch, as claimed.
  public var time: UInt32

  /// The services that the node offers, as claimed.
  public var services: ServiceFlags

  /// The node's address and port.
  public var endpoint: Endpoint

  /// Creates a node from its fields.
  public init(time: UInt32, services: ServiceFlags, endpoint: Endpoint) {
    self.time = time
    self.services = services
    self.endpoint = endpoint
  }

  /// Reads the form of `addrv2` (BIP155).
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    time = try reader.little("time")
    services = ServiceFlags(rawValue: try reader.compactSize("services", maximum: .max))
    let address = try NetworkAddress(from: &reader)
    endpoint = Endpoint(address, port: try reader.big("port"))
  }

  /// Reads the form of `addr`, 30 bytes.
  @_lifetime(reader: copy reader)
  init(legacyFrom reader: inout ByteReader) throws(WireError) {
    time = try reader.little("time")
    services = ServiceFlags(rawValue: try reader.little("services"))
    let address = try NetworkAddress(legacyFrom: &reader)
    endpoint = Endpoint(address, port: try reader.big("port"))
  }

  /// Appends the form of `addrv2` (BIP155).
  func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(time)
    bytes.appendCompactSize(services.rawValue)
    if case .ipv4(let address) = endpoint.address {
      // Network 1, length 4, address and port in one write: most nodes are IPv4, and a message has up to a
      // thousand.
      bytes.appendBig(UInt64(0x0104) << 48 | UInt64(address) << 16 | UInt64(endpoint.port))
      return
    }
    endpoint.address.append(to: &bytes)
    bytes.appendBig(endpoint.port)
  }

  /// Appends the form of `addr`, 30 bytes.
  func appendLegacy(to bytes: inout [UInt8]) {
    bytes.appendLittle(time)
    bytes.appendLittle(services.rawValue)
    endpoint.address.appendLegacy(to: &bytes)
    bytes.appendBig(endpoint.port)
  }

  /// Makes the node from `address:port`, or from its fields.
  init(fields: inout FieldReader) throws(FieldError) {
    if let endpoint = try fields.plainEndpoint() {
      self.init(time: 0, services: [], endpoint: endpoint)
    } else {
      self.init(
        time: try fields.integer("time", default: 0),
        services: try fields.services() ?? [],
        endpoint: try fields.endpoint()
      )
    }
  }
}
