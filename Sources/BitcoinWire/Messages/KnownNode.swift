import Bytes

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
      // Network 1, length 4, address and port in one piece: most are of IPv4, and there are a thousand in a message.
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

  /// Takes `address:port`, or the fields.
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
