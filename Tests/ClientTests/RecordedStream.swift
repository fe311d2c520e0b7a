import BitcoinWire
import LogProtocol
import Observations

/// Makes records as they appear in the log stream.
enum RecordedStream {
  /// A message's record: its header and its body.
  static func message(
    _ message: Message,
    _ connection: UInt32,
    at time: UInt64,
    _ flags: RecordFlags = []
  ) -> (RecordHeader, [UInt8]) {
    let body = Network.regtest.frame(message)
    let header = RecordHeader(
      type: .message,
      flags: flags,
      source: 1,
      time: time,
      sequence: 1,
      connection: connection,
      bodyCount: body.count
    )
    return (header, body)
  }

  /// The record of a connection's end.
  static func end(_ connection: UInt32, at time: UInt64) -> (RecordHeader, [UInt8]) {
    let endpoint = Endpoint("127.0.0.1:1")!
    let body = ConnectionEvent(.closedByPeer, .outbound, remote: endpoint, local: endpoint).body
    let header = RecordHeader(
      type: .connection,
      source: 1,
      time: time,
      sequence: 1,
      connection: connection,
      bodyCount: body.count
    )
    return (header, body)
  }
}
