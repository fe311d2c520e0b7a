import BitcoinWire
import Bytes

/// An event of a connection: the body of a `RecordType.connection` record.
///
/// Layout, big-endian: u8 version 2, u8 direction, u16 code, endpoint remote, endpoint local, u64 duration,
/// outcome, u8 kind of peer information (0 none, 1 its user agent, 2 its introduction), then u16 count and
/// bytes of the user agent or the fields of `PeerIntroduction`, u16 count and bytes of evidence. An endpoint
/// is u8 BIP155 network, u16 count, address, u16 port; an outcome is as in `Outcome`.
///
/// Bodies of programs before 0.2 begin with the u8 0 of a u32 code. After the code come u8 direction,
/// endpoint remote, endpoint local, u32 errno, u64 duration, text reason, text user agent, u16 count and
/// bytes of evidence.
public struct ConnectionEvent: Equatable, Sendable {
  /// The kind of event; the first eight are numbered as coinscope's update types.
  public enum Code: UInt32, Sendable, CaseIterable {
    /// Our connect succeeded.
    case connected = 0x01
    /// We accepted a peer's connect.
    case accepted = 0x02
    /// The peer closed the connection normally (FIN).
    case closedByPeer = 0x04
    /// A write failed.
    case writeFailed = 0x08
    /// Any other failure of the system.
    case failed = 0x10
    /// Our connect failed.
    case connectFailed = 0x20
    /// The peer reset the connection.
    case resetByPeer = 0x40
    /// We closed the connection.
    case closedByUs = 0x80
    /// Both sides have sent `version` and `verack`; unknown to coinscope.
    case handshaken = 0x100

    /// Whether the connection is gone after this event.
    public var endsConnection: Bool {
      switch self {
      case .connected, .accepted, .handshaken: false
      case .closedByPeer, .writeFailed, .failed, .connectFailed, .resetByPeer, .closedByUs: true
      }
    }

    /// The event in a word or two, as in text and JSON.
    public var name: String {
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

  /// The version of the bodies that this program writes.
  public static let version: UInt8 = 2

  /// Most bytes kept as evidence of a peer's violation.
  public static let maximumEvidenceCount = 4 << 10

  /// The information about the peer besides its address.
  public enum Peer: Hashable, Sendable {
    /// None yet.
    case unknown
    /// Only its user agent, as sent: programs before 0.2 recorded no more.
    case userAgent([UInt8])
    /// The fields of its `version` message.
    case introduced(PeerIntroduction)

    /// Wraps the peer's introduction; nil becomes `unknown`.
    public init(_ introduction: PeerIntroduction?) {
      self = introduction.map { .introduced($0) } ?? .unknown
    }

    /// The user agent as sent (BIP14); empty if it is not known.
    public var userAgent: [UInt8] {
      switch self {
      case .unknown: []
      case .userAgent(let agent): agent
      case .introduced(let introduction): introduction.userAgent
      }
    }

    /// The fields of its `version` message; nil if they are not known.
    public var introduction: PeerIntroduction? {
      if case .introduced(let introduction) = self { introduction } else { nil }
    }
  }

  /// The kind of event.
  public var code: Code
  /// The end that opened the connection.
  public var direction: Direction
  /// The peer's end.
  public var remote: Endpoint
  /// Our end; port 0 if there never was one.
  public var local: Endpoint
  /// The duration of the connect, or for `handshaken` of connect and handshake together, in ns; 0 if unknown.
  public var duration: UInt64
  /// The reason for the connection's end; nil if it has not ended, or if the reason is unknown.
  public var outcome: Outcome?
  /// The information about the peer.
  public var peer: Peer
  /// The bytes of the peer's violation, up to 4 KiB from the start of the wrong message.
  public var evidence: [UInt8]

  /// Creates an event.
  public init(
    _ code: Code,
    _ direction: Direction,
    remote: Endpoint,
    local: Endpoint,
    duration: UInt64 = 0,
    outcome: Outcome? = nil,
    peer: Peer = .unknown,
    evidence: [UInt8] = []
  ) {
    self.code = code
    self.direction = direction
    self.remote = remote
    self.local = local
    self.duration = duration
    self.outcome = outcome
    self.peer = peer
    self.evidence = evidence
  }

  /// The user agent as sent (BIP14); empty if it is not known.
  public var userAgent: [UInt8] { peer.userAgent }

  /// Decodes a body of any version up to this one.
  ///
  /// - Throws: `WireError` if it is malformed, or of a later version.
  public init(_ body: RawSpan) throws(WireError) {
    var reader = ByteReader(body)
    let version = try reader.big(UInt8.self, "event version")
    switch version {
    case 0: try self.init(early: ByteReader(body))
    case Self.version: try self.init(&reader)
    default:
      throw WireError(
        .invalid("is \(version), which this program does not know"),
        field: "event version",
        offset: 0
      )
    }
  }

  @_lifetime(reader: copy reader)
  private init(_ reader: inout ByteReader) throws(WireError) {
    direction = try reader.choice("direction")
    code = try Code(try reader.big(UInt16.self, "event code"), offset: 2)
    remote = try reader.endpoint("remote endpoint")
    local = try reader.endpoint("local endpoint")
    duration = try reader.big("connect duration")
    outcome = try Outcome.read(&reader)
    peer = try Peer(&reader)
    evidence = try reader.prefixedBytes("evidence")
    try reader.finish("connection event")
  }

  /// Decodes a body of a program before 0.2.
  private init(early: consuming ByteReader) throws(WireError) {
    var reader = early
    code = try Code(try reader.big(UInt32.self, "event code"), offset: 0)
    direction = try reader.choice("direction")
    remote = try reader.endpoint("remote endpoint")
    local = try reader.endpoint("local endpoint")
    let errorNumber = try reader.big(UInt32.self, "errno")
    duration = try reader.big("connect duration")
    let reason = try reader.text("reason")
    outcome = Outcome(reason: reason, errorNumber: errorNumber)
    if outcome == nil, errorNumber != 0 { outcome = Outcome(.unspecified, errorNumber: errorNumber) }
    let agent = try reader.prefixedBytes("user agent")
    peer = agent.isEmpty ? .unknown : .userAgent(agent)
    evidence = try reader.prefixedBytes("evidence")
    try reader.finish("connection event")
  }

  /// The encoded body, in the current version.
  public var body: [UInt8] {
    var bytes: [UInt8] = [Self.version, direction.rawValue]
    bytes.appendBig(UInt16(code.rawValue))
    bytes.appendEndpoint(remote)
    bytes.appendEndpoint(local)
    bytes.appendBig(duration)
    bytes.appendOutcome(outcome)
    peer.write(to: &bytes)
    bytes.appendPrefixed(evidence.prefix(Self.maximumEvidenceCount))
    return bytes
  }
}

extension ConnectionEvent.Code {
  /// Looks up the code of a number that was read at `offset`.
  fileprivate init(_ number: some BinaryInteger, offset: Int) throws(WireError) {
    guard let code = Self(rawValue: UInt32(number)) else {
      throw WireError(.invalid("is \(number), which is unknown"), field: "event code", offset: offset)
    }
    self = code
  }
}

extension ConnectionEvent.Peer {
  /// Reads u8 kind of information, then the information.
  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    let offset = reader.offset
    let kind = try reader.big(UInt8.self, "kind of peer information")
    switch kind {
    case 0: self = .unknown
    case 1: self = .userAgent(try reader.prefixedBytes("user agent"))
    case 2: self = .introduced(try PeerIntroduction(&reader))
    default: throw WireError(.invalid("is \(kind)"), field: "kind of peer information", offset: offset)
    }
  }

  /// Appends u8 kind of information, then the information.
  func write(to bytes: inout [UInt8]) {
    switch self {
    case .unknown: bytes.append(0)
    case .userAgent(let agent):
      bytes.append(1)
      bytes.appendPrefixed(agent)
    case .introduced(let introduction):
      bytes.append(2)
      introduction.write(to: &bytes)
    }
  }
}
