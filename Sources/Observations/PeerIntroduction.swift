import BitcoinWire
import Bytes

/// The fields of a peer's `version` message.
///
/// Layout: i32 protocol version, u64 services, u16 count and bytes user agent, i32 height, u8 relay.
public struct PeerIntroduction: Hashable, Sendable {
  /// The protocol version that the peer speaks.
  public var protocolVersion: Int32
  /// The services that the peer offers.
  public var services: ServiceFlags
  /// The user agent as the peer sent it (BIP14), at most 256 bytes.
  public var userAgent: [UInt8]
  /// The height of the peer's block chain.
  public var startHeight: Int32
  /// Whether the peer asks for transactions to be announced (BIP37).
  public var relay: Bool

  /// Creates an introduction.
  public init(
    protocolVersion: Int32,
    services: ServiceFlags,
    userAgent: [UInt8],
    startHeight: Int32,
    relay: Bool
  ) {
    self.protocolVersion = protocolVersion
    self.services = services
    self.userAgent = userAgent
    self.startHeight = startHeight
    self.relay = relay
  }

  /// The introduction before the peer's `version` has arrived: zeros and no user agent.
  public static let unknown = PeerIntroduction(
    protocolVersion: 0,
    services: [],
    userAgent: [],
    startHeight: 0,
    relay: false
  )

  /// The longest user agent kept, in bytes (Bitcoin Core's `MAX_SUBVERSION_LENGTH`).
  public static let maximumUserAgentCount = 256

  /// Takes the fields from a `version` message. Fields that old versions leave out are 0 or empty; `relay` is
  /// then true (BIP37).
  public init(_ message: VersionMessage) {
    self.init(
      protocolVersion: message.version,
      services: message.services,
      userAgent: message.userAgent ?? [],
      startHeight: message.startHeight ?? 0,
      relay: message.relay ?? true
    )
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(_ reader: inout ByteReader) throws(WireError) {
    protocolVersion = try reader.big("protocol version")
    services = ServiceFlags(rawValue: try reader.big("services"))
    userAgent = try reader.prefixedBytes("user agent")
    startHeight = try reader.big("height")
    relay = try reader.flag("relay")
  }

  /// Appends the fields.
  public func write(to bytes: inout [UInt8]) {
    bytes.appendBig(count: 12) {
      $0.write(protocolVersion)
      $0.write(services.rawValue)
    }
    bytes.appendPrefixed(userAgent.prefix(Self.maximumUserAgentCount))
    bytes.appendBig(count: 5) {
      $0.write(startHeight)
      $0.write(relay ? 1 as UInt8 : 0)
    }
  }
}
