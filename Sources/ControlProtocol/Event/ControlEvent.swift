import BitcoinWire
import Bytes
import Observations
import Wording

/// What became of a request after its reply: sent to the client that made it, with the request's id, as
/// long as that client is there.
///
/// Its payload is u32 the request's id, then the fields its case lists, in their order, big-endian. A
/// `connect` gets, for each of its connections, `connectFailed`, or `connected`, then perhaps `handshaken`,
/// and at last `closed`; a `send` gets one `sent`.
public enum ControlEvent: Hashable, Sendable {
  /// Type 0x40. The system has connected: u32 connection, endpoint local, u64 ns since it was begun.
  case connected(UInt32, local: Endpoint, duration: UInt64)

  /// Type 0x41. Messages can be exchanged; as in `PeerIntroduction`: u32 connection, i32 protocol version,
  /// u64 services, u16 count and bytes user agent, i32 height, u8 relay, u64 ns since it was begun.
  case handshaken(UInt32, PeerIntroduction, duration: UInt64)

  /// Type 0x42. The system could not connect, or the connector would not: u32 connection, outcome; in version 2 u32
  /// connection, u32 errno (0 if the system is not to blame), text reason.
  case connectFailed(UInt32, Outcome)

  /// Type 0x43. A connection that stood, its handshake done or not, is gone; as 0x42.
  case closed(UInt32, Outcome)

  /// Type 0x44. A message was queued behind whatever waits for its peers: u32 connections that it was queued
  /// for, u32 connections that were closed instead, because they do not read.
  case sent(count: UInt32, lost: UInt32)

  /// Type 0x45. A connection that is kept has ended, or could not be made, and is dialled again as another: u32
  /// connection, u32 the next one, u64 ns until it is dialled. What becomes of the next one is told likewise.
  case again(UInt32, next: UInt32, delay: UInt64)

  /// The number of the type.
  public var type: UInt8 {
    switch self {
    case .connected: 0x40
    case .handshaken: 0x41
    case .connectFailed: 0x42
    case .closed: 0x43
    case .sent: 0x44
    case .again: 0x45
    }
  }

  /// The connection it is about; nil for `sent`.
  public var connection: UInt32? {
    switch self {
    case .connected(let connection, _, _), .handshaken(let connection, _, _),
      .connectFailed(let connection, _), .closed(let connection, _), .again(let connection, _, _):
      connection
    case .sent: nil
    }
  }

  /// The bytes of the whole frame.
  public func frame(id: UInt32, version: UInt8 = ControlFrame.currentVersion) -> [UInt8] {
    ControlFrame.bytes(version: version, type: type, id: id) { write(to: &$0, version: version) }
  }

  private func write(to bytes: inout [UInt8], version: UInt8) {
    switch self {
    case .connected(let connection, let local, let duration):
      bytes.appendBig(connection)
      bytes.appendEndpoint(local)
      bytes.appendBig(duration)
    case .handshaken(let connection, let peer, let duration):
      bytes.appendBig(connection)
      peer.write(to: &bytes)
      bytes.appendBig(duration)
    case .connectFailed(let connection, let outcome), .closed(let connection, let outcome):
      bytes.appendBig(connection)
      guard version < 3 else { return bytes.appendOutcome(outcome) }
      bytes.appendBig(outcome.errorNumber)
      bytes.appendText(outcome.words)
    case .sent(let count, let lost):
      bytes.appendBig(count)
      bytes.appendBig(lost)
    case .again(let connection, let next, let delay):
      bytes.appendBig(connection)
      bytes.appendBig(next)
      bytes.appendBig(delay)
    }
  }

  /// Reads the fields after the request's id; nil where no event has this type.
  @_lifetime(reader: copy reader)
  init?(version: UInt8, type: UInt8, _ reader: inout ByteReader) throws(WireError) {
    switch type {
    case 0x40:
      self = .connected(
        try reader.big("connection id"),
        local: try reader.endpoint("local endpoint"),
        duration: try reader.big("duration")
      )
    case 0x41:
      self = .handshaken(
        try reader.big("connection id"),
        try PeerIntroduction(&reader),
        duration: try reader.big("duration")
      )
    case 0x42, 0x43:
      let connection = try reader.big(UInt32.self, "connection id")
      var outcome: Outcome?
      if version < 3 {
        let errorNumber = try reader.big(UInt32.self, "errno")
        outcome = Outcome(reason: try reader.text("reason"), errorNumber: errorNumber)
      } else {
        outcome = try Outcome.read(&reader)
      }
      let ended = outcome ?? Outcome(.unspecified)
      self = type == 0x42 ? .connectFailed(connection, ended) : .closed(connection, ended)
    case 0x44: self = .sent(count: try reader.big("sent count"), lost: try reader.big("lost count"))
    case 0x45:
      self = .again(
        try reader.big("connection id"),
        next: try reader.big("next connection id"),
        delay: try reader.big("delay")
      )
    default: return nil
    }
    try reader.finish("event")
  }
}
