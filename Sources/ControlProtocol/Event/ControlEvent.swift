import BitcoinWire
import Bytes
import Observations
import Wording

/// An event that follows the reply to a request. It is sent with the request's id to the client that made the
/// request, while the client is connected.
///
/// The payload is the request's id (u32), then the fields listed at each case, in order, big-endian. A
/// `connect` gets, for each of its connections, `connectFailed`, or `connected`, then perhaps `handshaken`,
/// and finally `closed`. A `send` gets one `sent`.
public enum ControlEvent: Hashable, Sendable {
  /// Type 0x40. Connected: u32 connection, endpoint local, u64 ns since the connect began.
  case connected(UInt32, local: Endpoint, duration: UInt64)

  /// Type 0x41. The handshake is done: u32 connection, then as `PeerIntroduction` i32 protocol version, u64
  /// services, u16 count and bytes user agent, i32 height, u8 relay; u64 ns since the connect began.
  case handshaken(UInt32, PeerIntroduction, duration: UInt64)

  /// Type 0x42. The connect failed or was refused by the connector: u32 connection, outcome; in version 2 u32
  /// connection, u32 errno (0 if it is no system error), text reason.
  case connectFailed(UInt32, Outcome)

  /// Type 0x43. An established connection is closed, its handshake done or not: fields as in 0x42.
  case closed(UInt32, Outcome)

  /// Type 0x44. A message was queued for its peers: u32 connections that it was queued for, u32 connections
  /// that were closed instead because they do not read.
  case sent(count: UInt32, lost: UInt32)

  /// Type 0x45. A kept connection has ended or failed and will be dialled again with a new id: u32
  /// connection, u32 the next id, u64 ns until it is dialled. Events report the next connection likewise.
  case again(UInt32, next: UInt32, delay: UInt64)

  /// The type's number on the wire.
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

  /// The connection that the event concerns; nil for `sent`.
  public var connection: UInt32? {
    switch self {
    case .connected(let connection, _, _), .handshaken(let connection, _, _),
      .connectFailed(let connection, _), .closed(let connection, _), .again(let connection, _, _):
      connection
    case .sent: nil
    }
  }

  /// Encodes the whole frame.
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

  /// Reads the fields after the request's id; nil if no event has this type.
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
