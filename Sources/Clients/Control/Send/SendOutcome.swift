import Commands
import JSON
import LogText

/// The outcome of sending a message.
struct SendOutcome {
  /// The message's name.
  let message: String
  /// Size of the whole message in bytes.
  let byteCount: Int
  /// The number of connections that the connector accepted it for.
  let accepted: UInt32
  /// The number of connections that it was written to; nil if that was not known at the time-out.
  let sent: UInt32?
  /// The number of connections that closed before it was written.
  let lost: UInt32
  /// The requested ids without an open connection.
  let missing: [UInt32]

  /// Whether it was written to every chosen connection, and to at least one.
  var isComplete: Bool { sent == accepted && accepted > 0 && missing.isEmpty }

  /// A line for people.
  var text: String {
    var parts: [String]
    if let sent {
      parts = ["\(message): sent to \(Quantity.counted(sent, "connection"))"]
    } else {
      parts = ["\(message): on its way to \(Quantity.counted(accepted, "connection")), not all written yet"]
    }
    if lost > 0 { parts.append("\(lost) closed before it was written") }
    if !missing.isEmpty { parts.append("not open: \(missing.map(String.init).joined(separator: " "))") }
    return parts.joined(separator: "; ")
  }

  /// The same for programs.
  var json: JSONWriter {
    var json = JSONWriter()
    json.member("message", message)
    json.member("bytes", byteCount)
    json.member("accepted", accepted)
    json.member("sent", sent)
    json.member("lost", lost)
    json.member("missing", missing)
    return json
  }
}
