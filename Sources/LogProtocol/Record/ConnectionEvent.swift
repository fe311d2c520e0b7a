import BitcoinWire
import Bytes

/// What happened to a connection: the body of a `RecordType.connection` record.
///
/// Layout, big-endian: u32 code, u8 direction, endpoint remote, endpoint local, u32 errno, u64 duration,
/// text reason, text user agent, u16 count and bytes of what a peer sent wrong. An endpoint is u8 BIP155
/// network, u16 count, address, u16 port; a text is u16 count, UTF-8.
public struct ConnectionEvent: Equatable, Sendable {
  /// What happened; the first eight are numbered as coinscope's update types.
  public enum Code: UInt32, Sendable, CaseIterable {
    /// Our connect succeeded.
    case connected = 0x01
    /// We accepted a peer's connect.
    case accepted = 0x02
    /// The peer closed the connection in order.
    case closedByPeer = 0x04
    /// A write failed.
    case writeFailed = 0x08
    /// Anything else failed, on the system's side.
    case failed = 0x10
    /// Our connect failed.
    case connectFailed = 0x20
    /// The peer reset the connection.
    case resetByPeer = 0x40
    /// We closed the connection.
    case closedByUs = 0x80
    /// Both sides have sent `version` and `verack`; not known to coinscope.
    case handshaken = 0x100

    /// Whether the connection is gone after this event.
    public var endsConnection: Bool {
      switch self {
      case .connected, .accepted, .handshaken: false
      case .closedByPeer, .writeFailed, .failed, .connectFailed, .resetByPeer, .closedByUs: true
      }
    }

    /// The event in a word or two.
    public var text: String {
      switch self {
      case .connected: "connected"
      case .accepted: "accepted"
      case .closedByPeer: "closed by peer"
      case .writeFailed: "write failed"
      case .failed: "failed"
      case .connectFailed: "connect failed"
      case .resetByPeer: "reset by peer"
      case .closedByUs: "closed by us"
      case .handshaken: "handshake done"
      }
    }
  }

  /// Most bytes kept of what a peer sent wrong.
  public static let maximumEvidenceCount = 4 << 10

  /// What happened.
  public var code: Code
  /// Which end opened the connection.
  public var direction: Direction
  /// The peer's end.
  public var remote: Endpoint
  /// Our end; port 0 where there never was one.
  public var local: Endpoint
  /// The system's error number, or 0.
  public var errorNumber: UInt32
  /// How long the connect took, in ns; 0 where that is not known.
  public var duration: UInt64
  /// Why, in words; empty where there is nothing to say.
  public var reason: String
  /// The peer's user agent as it sent it (BIP14); empty where it is not known.
  public var userAgent: [UInt8]
  /// What the peer sent wrong, up to 4 KiB from the first wrong byte's message on.
  public var evidence: [UInt8]

  /// Creates an event.
  public init(
    _ code: Code,
    _ direction: Direction,
    remote: Endpoint,
    local: Endpoint,
    errorNumber: UInt32 = 0,
    duration: UInt64 = 0,
    reason: String = "",
    userAgent: [UInt8] = [],
    evidence: [UInt8] = []
  ) {
    self.code = code
    self.direction = direction
    self.remote = remote
    self.local = local
    self.errorNumber = errorNumber
    self.duration = duration
    self.reason = reason
    self.userAgent = userAgent
    self.evidence = evidence
  }

  /// Reads a body.
  public init(_ body: RawSpan) throws(WireError) {
    var reader = ByteReader(body)
    let code = try reader.big(UInt32.self, "event code")
    guard let code = Code(rawValue: code) else {
      throw WireError(.invalid("is \(code), which no event has"), field: "event code", offset: 0)
    }
    let direction = try reader.big(UInt8.self, "direction")
    guard let direction = Direction(rawValue: direction) else {
      throw WireError(.invalid("is \(direction)"), field: "direction", offset: 4)
    }
    self.code = code
    self.direction = direction
    remote = try reader.endpoint("remote endpoint")
    local = try reader.endpoint("local endpoint")
    errorNumber = try reader.big("errno")
    duration = try reader.big("connect duration")
    reason = try reader.text("reason")
    userAgent = try reader.prefixedBytes("user agent")
    evidence = try reader.prefixedBytes("evidence")
    try reader.finish("connection event")
  }

  /// The body's bytes.
  public var body: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBig(code.rawValue)
    bytes.append(direction.rawValue)
    bytes.appendEndpoint(remote)
    bytes.appendEndpoint(local)
    bytes.appendBig(errorNumber)
    bytes.appendBig(duration)
    bytes.appendText(reason)
    bytes.appendPrefixed(userAgent)
    bytes.appendPrefixed(evidence.prefix(Self.maximumEvidenceCount))
    return bytes
  }
}
