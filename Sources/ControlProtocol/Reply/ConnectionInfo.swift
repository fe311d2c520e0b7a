import BitcoinWire
import Bytes
import Observations

/// A connection's state and counters, as the connector reports them.
///
/// Layout: u16 count of the bytes that follow, so that fields can be added at the end; u32 id, u8 direction,
/// u8 state, endpoint remote, endpoint local, u64 since, i32 protocol version, u64 services, u16 count and
/// bytes user agent, i32 height, u8 relay, u64 ping, u64 bytes received, u64 bytes sent, u64 messages
/// received, u64 messages sent; since version 0.2 u64 opened, u64 last received, u64 last sent, u64 shortest
/// ping, u64 fee filter, u8 features, u32 bytes waiting.
public struct ConnectionInfo: Hashable, Sendable {
  /// The progress of a connection.
  public enum State: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// The connection is being established, by the system or a proxy.
    case connecting = 0
    /// Connected; `version` and `verack` are being exchanged.
    case handshaking = 1
    /// The handshake is done.
    case open = 2
    /// The connection is being closed.
    case closing = 3

    /// The case's name.
    public var description: String {
      switch self {
      case .connecting: "connecting"
      case .handshaking: "handshaking"
      case .open: "open"
      case .closing: "closing"
      }
    }
  }

  /// The least size on the wire, in bytes.
  static let minimumSize = 2 + 83

  /// The connection's id, as in the log stream.
  public var id: UInt32
  /// The direction: outbound if we dialled, inbound if the peer did.
  public var direction: Direction
  /// The progress of the connection.
  public var state: State
  /// The peer's endpoint.
  public var remote: Endpoint
  /// Our endpoint; port 0 until it is known.
  public var local: Endpoint
  /// When the connection began, in ns since the Unix epoch.
  public var since: UInt64
  /// The contents of the peer's `version`; `unknown` until it is received.
  public var introduction = PeerIntroduction.unknown
  /// The last round trip of a ping, in ns; 0 if none was measured.
  public var ping: UInt64 = 0
  /// Bytes received.
  public var bytesReceived: UInt64 = 0
  /// Bytes sent.
  public var bytesSent: UInt64 = 0
  /// Messages received.
  public var messagesReceived: UInt64 = 0
  /// Messages sent.
  public var messagesSent: UInt64 = 0
  /// When the handshake was done, in ns since the Unix epoch; 0 before.
  public var opened: UInt64 = 0
  /// When bytes were last received, in ns since the Unix epoch; 0 before.
  public var lastReceived: UInt64 = 0
  /// When a message was last sent, in ns since the Unix epoch; 0 before.
  public var lastSent: UInt64 = 0
  /// The shortest round trip of a ping, in ns; 0 if none was measured.
  public var shortestPing: UInt64 = 0
  /// The lowest fee rate of transactions that the peer wants announced, in satoshi per 1000 virtual bytes
  /// (BIP133).
  public var feeFilter: UInt64 = 0
  /// The features that the peer has announced.
  public var features: Features = []
  /// Bytes that wait to be sent to the peer.
  public var bytesWaiting: UInt32 = 0

  /// Features that a peer announces by messages, one bit each.
  public struct Features: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt8

    /// Creates features from the bits on the wire.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `wtxidrelay`: announces transactions by their wtxids (BIP339).
    public static let wtxidRelay = Features(rawValue: 1 << 0)
    /// `sendaddrv2`: accepts addresses of all networks (BIP155).
    public static let addrV2 = Features(rawValue: 1 << 1)
    /// `sendheaders`: wants blocks announced by their headers (BIP130).
    public static let headers = Features(rawValue: 1 << 2)
    /// `sendcmpct`: accepts compact blocks (BIP152).
    public static let compactBlocks = Features(rawValue: 1 << 3)
    /// `sendcmpct` with the announcing byte set: wants blocks announced by compact blocks (BIP152).
    public static let highBandwidth = Features(rawValue: 1 << 4)
    /// `sendtxrcncl`: reconciles sets of transactions (BIP330).
    public static let reconciliation = Features(rawValue: 1 << 5)

    /// The names of the bits that are set: the messages' names, or "high-bandwidth".
    public var names: [String] {
      let all: [(Features, String)] = [
        (.wtxidRelay, "wtxidrelay"), (.addrV2, "sendaddrv2"), (.headers, "sendheaders"),
        (.compactBlocks, "sendcmpct"), (.highBandwidth, "high-bandwidth"), (.reconciliation, "sendtxrcncl"),
      ]
      return all.filter { contains($0.0) }.map(\.1)
    }
  }

  /// Describes a connection without counters.
  public init(
    id: UInt32,
    direction: Direction,
    state: State,
    remote: Endpoint,
    local: Endpoint,
    since: UInt64
  ) {
    self.id = id
    self.direction = direction
    self.state = state
    self.remote = remote
    self.local = local
    self.since = since
  }
}

extension ConnectionInfo {
  @_lifetime(outer: copy outer)
  init(_ outer: inout ByteReader) throws(WireError) {
    let count = Int(try outer.big(UInt16.self, "connection length"))
    var reader = ByteReader(try outer.span(count, "connection"))
    id = try reader.big("connection id")
    direction = try reader.choice("direction")
    state = try reader.choice("state")
    remote = try reader.endpoint("remote endpoint")
    local = try reader.endpoint("local endpoint")
    since = try reader.big("since")
    introduction = try PeerIntroduction(&reader)
    ping = try reader.big("ping")
    bytesReceived = try reader.big("bytes received")
    bytesSent = try reader.big("bytes sent")
    messagesReceived = try reader.big("messages received")
    messagesSent = try reader.big("messages sent")
    // Connectors before 0.2 end here.
    guard reader.remaining > 0 else { return }
    opened = try reader.big("opened")
    lastReceived = try reader.big("last received")
    lastSent = try reader.big("last sent")
    shortestPing = try reader.big("shortest ping")
    feeFilter = try reader.big("fee filter")
    features = Features(rawValue: try reader.big("features"))
    bytesWaiting = try reader.big("bytes waiting")
  }

  func write(to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.appendBig(count: 8) {
      $0.write(UInt16(0))
      $0.write(id)
      $0.write(direction.rawValue)
      $0.write(state.rawValue)
    }
    bytes.appendEndpoint(remote)
    bytes.appendEndpoint(local)
    bytes.appendBig(since)
    introduction.write(to: &bytes)
    bytes.appendBig(count: 85) {
      $0.write(ping)
      $0.write(bytesReceived)
      $0.write(bytesSent)
      $0.write(messagesReceived)
      $0.write(messagesSent)
      $0.write(opened)
      $0.write(lastReceived)
      $0.write(lastSent)
      $0.write(shortestPing)
      $0.write(feeFilter)
      $0.write(features.rawValue)
      $0.write(bytesWaiting)
    }
    bytes.replaceBig(UInt16(bytes.count - start - 2), at: start)
  }
}
