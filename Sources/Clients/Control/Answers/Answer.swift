import BitcoinWire
import Bytes
import Commands
import ControlProtocol
import JSON
import LogProtocol
import LogText

/// A peer's answer to a message of ours.
struct Answer {
  /// The connection that it came on.
  let connection: ConnectionInfo
  /// Time of receipt, in ns since the Unix epoch.
  let time: UInt64
  /// Whether `time` and `delay` are upper bounds, because more bytes arrived together with the message.
  let isUpperBound: Bool
  /// Time from our message to the answer, in ns.
  let delay: UInt64
  /// The answer's command.
  let command: Command
  /// The answer's payload.
  let payload: [UInt8]
  /// The wire dialect of the network.
  let dialect: Dialect

  /// A line for people.
  var text: String {
    let summary = Message.summary(command, payload: payload.span.bytes, dialect: dialect)
    return "#\(connection.id) \(connection.remote) after \(Quantity.milliseconds(delay)) ms: \(summary)"
  }

  /// The same for programs, with the whole decoded message; or with its payload in hexadecimal if it cannot
  /// be decoded.
  var json: JSONWriter {
    var json = JSONWriter()
    json.member("connection", connection.id)
    json.member("address", connection.remote.description)
    json.member("time_ns", time)
    json.member("ms", Double(delay) / 1e6)
    json.member("upper_bound", isUpperBound)
    json.member("command", command.description)
    json.member("summary", Message.summary(command, payload: payload.span.bytes, dialect: dialect))
    if let decoded = try? Message.decode(command, payload: payload.span.bytes, dialect: dialect) {
      json.object("message") { decoded.message.write(to: &$0, in: dialect) }
    } else {
      json.member("payload", Hexadecimal.text(payload))
    }
    return json
  }
}
