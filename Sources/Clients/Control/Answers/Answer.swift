import BitcoinWire
import Bytes
import Commands
import ControlProtocol
import JSON
import LogProtocol
import LogText

/// A message that a peer sent after one of ours.
struct Answer {
  /// Whose it is.
  let connection: ConnectionInfo
  /// When it came, in ns since the Unix epoch.
  let time: UInt64
  /// Whether it came then or a little earlier, because more came with it.
  let isUpperBound: Bool
  /// How long after ours, in ns.
  let delay: UInt64
  /// What it is.
  let command: Command
  /// What it says.
  let payload: [UInt8]
  /// What its network calls things.
  let dialect: Dialect

  /// A line for people.
  var text: String {
    let summary = Message.summary(command, payload: payload.span.bytes, dialect: dialect)
    return "#\(connection.id) \(connection.remote) after \(Quantity.milliseconds(delay)) ms: \(summary)"
  }

  /// The same for programs, with all that the message says.
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
