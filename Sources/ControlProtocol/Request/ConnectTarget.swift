import BitcoinWire
import Bytes
import Observations

/// A node to connect to, and the options of the connect.
///
/// Layout: endpoint remote, u8 options, then the fields of each option that is set, lowest bit first: bit 0,
/// endpoint local; bit 1, endpoint proxy; bit 2, u64 services; bit 3, bytes user agent, at most 256; bit 4,
/// u8 relay; bit 5, connect even if connected, no field; bit 6, keep, no field. Other bits are refused. An
/// endpoint is u8 BIP155 network, u16 count, address, u16 port.
public struct ConnectTarget: Hashable, Sendable {
  /// The least size on the wire, in bytes.
  static let minimumSize = 6

  /// The endpoint on which the node listens.
  public var remote: Endpoint

  /// The address to connect from, with port 0 for any; nil if the system chooses.
  public var local: Endpoint?

  /// The SOCKS5 proxy to connect through; nil for the configured one, or none.
  public var proxy: Endpoint?

  /// The services in our `version`; nil for the configured ones.
  public var services: ServiceFlags?

  /// The user agent in our `version` (BIP14), at most 256 bytes; nil for the configured one.
  public var userAgent: [UInt8]?

  /// Whether the node should announce transactions (BIP37); nil for the configured choice.
  public var relay: Bool?

  /// Whether to connect even if a connection to the same address and port exists or is being made.
  public var isAnother = false

  /// Whether to dial again whenever the connection ends or fails, until a client disconnects it.
  public var isKept = false

  /// The longest user agent, in bytes (Bitcoin Core's `MAX_SUBVERSION_LENGTH`).
  public static let userAgentLimit = 256

  /// Describes a node.
  public init(_ remote: Endpoint, local: Endpoint? = nil) {
    self.remote = remote
    self.local = local
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    remote = try reader.endpoint("remote endpoint")
    let options = try reader.big(UInt8.self, "connect options")
    guard options < 1 << 7 else {
      throw WireError(
        .invalid("are \(options); this version knows bits 0 to 6"),
        field: "connect options",
        offset: reader.offset - 1
      )
    }
    if options & 1 != 0 { local = try reader.endpoint("local endpoint") }
    if options & 2 != 0 { proxy = try reader.endpoint("proxy") }
    if options & 4 != 0 { services = ServiceFlags(rawValue: try reader.big("services")) }
    if options & 8 != 0 {
      let agent = try reader.prefixedBytes("user agent")
      guard agent.count <= Self.userAgentLimit else {
        throw WireError(
          .limit(value: UInt64(agent.count), maximum: UInt64(Self.userAgentLimit)),
          field: "user agent",
          offset: reader.offset - agent.count
        )
      }
      userAgent = agent
    }
    if options & 16 != 0 { relay = try reader.flag("relay") }
    isAnother = options & 32 != 0
    isKept = options & 64 != 0
  }

  func write(to bytes: inout [UInt8]) {
    bytes.appendEndpoint(remote)
    let isGiven = [
      local != nil, proxy != nil, services != nil, userAgent != nil, relay != nil, isAnother, isKept,
    ]
    bytes.append(isGiven.enumerated().reduce(0) { $0 | ($1.element ? 1 << UInt8($1.offset) : 0) })
    if let local { bytes.appendEndpoint(local) }
    if let proxy { bytes.appendEndpoint(proxy) }
    if let services { bytes.appendBig(services.rawValue) }
    if let userAgent { bytes.appendPrefixed(userAgent.prefix(Self.userAgentLimit)) }
    if let relay { bytes.append(relay ? 1 : 0) }
  }
}
