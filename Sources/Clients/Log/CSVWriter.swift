import BitcoinWire
import Bytes
import LogFiles
import LogProtocol
import LogText

/// Writes records as comma-separated values (RFC 4180): a header line, then one line per record.
struct CSVWriter {
  private var formatter = TextFormatter()
  private var times = TimeText()

  /// The header line.
  static let beginning =
    "time_ns,time,source,sequence,type,flags,direction,connection,remote,user_agent,command,bytes,text\r\n"

  /// Appends a line for the record if it is shown, and updates the names of connections in any case.
  mutating func append(_ record: StreamRecord, isShown: Bool, to output: inout [UInt8]) {
    let header = record.header
    let former = formatter.names.table.connections(of: header.source)[header.connection]
    guard isShown else { return formatter.skip(record) }
    let text = formatter.words(record)
    let open = former ?? formatter.names.table.connections(of: header.source)[header.connection]
    let isMessage = header.type == .message
    let command: String? =
      if case .message(let message?) = record.content { "\(message.command)" } else { nil }
    let fields = [
      "\(header.time)", times.text(header.time, digits: 9), "\(header.source)", "\(header.sequence)",
      header.type.name, "\(header.flags.rawValue)",
      isMessage ? header.flags.contains(.sent) ? "sent" : "received" : "", "\(header.connection)",
      open.map { "\($0.remote)" } ?? "", open.map { EscapedText.utf8($0.userAgent) } ?? "", command ?? "",
      "\(header.bodyCount)", text,
    ]
    output += fields.map(Self.quoted).joined(separator: ",").utf8
    output += "\r\n".utf8
  }

  private static func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { $0 == 0x22 || $0 == 0x2c || $0 == 0x0a || $0 == 0x0d }) else {
      return field
    }
    return "\"\(field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
  }
}
