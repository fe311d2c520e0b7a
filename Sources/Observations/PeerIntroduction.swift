import BitcoinWire
import Bytes

/// What a peer says of itself in its `version` message.
///
/// Layout: i32 protocol version, u64 services, u16 count and bytes user agent, i32 height, u8 relay.
public struct PeerIntroduction: Hashable, Sendable {
  /// The protocol version it speaks.
  public var protocolVersion: Int32
  /// What it offers.
  public var services: ServiceFlags
  /// The user agent as it sent it (BIP14), at most 256 bytes.
  public var userAgent: [UInt8]
  /// The height of its chain.
  public var startHeight: Int32
  /// Whether it asks for transactions to be announced (BIP37).
  public var relay: Bool

  /// Describes a peer.
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

  /// What a connection has before the peer's `version` has come: zeros, and no user agent.
  public static let unknown = PeerIntroduction(
    protocolVersion: 0,
    services: [],
    userAgent: [],
    startHeight: 0,
    relay: false
  )

  /// The longest user agent that is kept, in bytes (Bitcoin Core's `MAX_SUBVERSION_LENGTH`).
  public static let maximumUserAgentCount = 256

  /// What a `version` message says. Fields that old versions leave out are 0 or empty; `relay` is then true (BIP37).
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
