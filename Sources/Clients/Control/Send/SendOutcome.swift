import Commands
import JSON
import LogText

/// To how many connections a message went.
struct SendOutcome {
  /// The message's name.
  let message: String
  /// Bytes of the whole message.
  let byteCount: Int
  /// Connections the connector found for it.
  let accepted: UInt32
  /// Connections it was written to; nil where that was not known when we stopped waiting.
  let sent: UInt32?
  /// Connections that were closed before it was written.
  let lost: UInt32
  /// Ids that no open connection has.
  let missing: [UInt32]

  /// Whether it was written to every connection it was meant for, and to one at least.
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
