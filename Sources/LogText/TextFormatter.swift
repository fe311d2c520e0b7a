import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// Writes each record as a line that people can read and that is safe for a terminal.
public struct TextFormatter {
  /// The look of the lines.
  public struct Style: Equatable, Sendable {
    /// Whether times are local; otherwise they are UTC.
    public var isLocal = false
    /// Whether lines have colours.
    public var hasColours = false
    /// Whether lines are in ASCII.
    public var isASCII = false

    /// Creates the style without colours, in UTC and UTF-8.
    public init() {}
  }

  /// The names of sources and the peers of connections.
  public private(set) var names = StreamNames()

  private let style: Style
  private var times: TimeText

  /// Most bytes of a text that are shown.
  private static let textLimit = 2000

  /// Creates a formatter that knows no sources yet.
  public init(_ style: Style = Style()) {
    self.style = style
    times = TimeText(isLocal: style.isLocal)
  }

  /// Learns from a record that is not shown.
  public mutating func skip(_ record: StreamRecord) {
    names.note(record)
  }

  /// Appends a record's line, with its line feed.
  public mutating func append(_ record: StreamRecord, to output: inout [UInt8]) {
    let header = record.header
    let remote = names.remote(of: header)
    names.note(record)
    var line = start(header.source, header.type, at: header.time, &output)
    if header.connection != 0 { line += " #\(header.connection)" }
    line += content(record, remote ?? names.remote(of: header))
    for (flag, word) in Self.flagWords where header.flags.contains(flag) { line += " [\(word)]" }
    end(line, &output)
  }

  /// Learns from a record, and returns its line's words after time, source, type, connection and peer.
  public mutating func words(_ record: StreamRecord) -> String {
    names.note(record)
    return String(content(record, nil).drop { $0 == " " })
  }

  /// Appends a line, with its line feed, that summarises a source's open connections.
  mutating func append(
    openConnections count: Int,
    of source: UInt32,
    at time: UInt64,
    to output: inout [UInt8]
  ) {
    let line = start(0, .meta, at: time, &output)
    let noun = count == 1 ? "connection" : "connections"
    end("\(line) \(count) \(noun) open on \(names.name(of: source))", &output)
  }

  /// Appends the time; returns the source and type, the line's next words.
  private mutating func start(
    _ source: UInt32,
    _ type: RecordType,
    at time: UInt64,
    _ output: inout [UInt8]
  ) -> String {
    colour("2", &output)
    times.append(time, to: &output)
    colour("0", &output)
    let code = type == .error ? "31" : type == .meta ? "35" : "34"
    return " \(names.name(of: source)) \(coloured(type.name, by: code))"
  }

  private func end(_ line: String, _ output: inout [UInt8]) {
    output += (style.isASCII ? Self.ascii(line) : line).utf8
    output.append(UInt8(ascii: "\n"))
  }

  private static let flagWords: [(RecordFlags, String)] = [
    (.truncated, "cut short"), (.encrypted, "v2"), (.resent, "sent again"),
  ]

  /// The words after the connection's number.
  private mutating func content(_ record: StreamRecord, _ remote: Endpoint?) -> String {
    let peer = remote.map { " \($0)" } ?? ""
    switch record.content {
    case .message(let header):
      let message = MessageText(record, header)
      let isSent = record.header.flags.contains(.sent)
      let arrow = isSent ? coloured("→", by: "36") : coloured("←", by: "32")
      let words = message.isMalformed ? coloured(message.summary, by: "31") : message.summary
      let warning = message.isChecksumRight == false ? " " + coloured("[wrong checksum]", by: "31") : ""
      return "\(peer) \(arrow) \(words)\(warning)"
    case .event(let event): return " \(event.remote) \(event.words)"
    case .meta(let meta):
      let words = meta.words(names, &times)
      if case .gap = meta { return "\(peer) \(coloured(words, by: "31"))" }
      return "\(peer) \(words)"
    case .text:
      var text = record.body[...]
      while let last = text.last, last == 0 || last == 10 || last == 13 { text.removeLast() }
      let rest = text.count > Self.textLimit ? "… (\(text.count) bytes)" : ""
      return "\(peer) \(EscapedText.utf8(text.prefix(Self.textLimit)))\(rest)"
    case .other: return "\(peer) \(record.body.count) bytes"
    case .unreadable: return "\(peer) \(malformed(record.body))"
    }
  }

  private func malformed(_ body: UnsafeRawBufferPointer) -> String {
    coloured("malformed: \(body.count) bytes \(Hexadecimal.text(body.prefix(16)))…", by: "31")
  }

  private func coloured(_ text: String, by code: String) -> String {
    style.hasColours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  private func colour(_ code: String, _ output: inout [UInt8]) {
    if style.hasColours { output += "\u{1B}[\(code)m".utf8 }
  }

  private static func ascii(_ line: String) -> String {
    if line.utf8.allSatisfy({ $0 < 0x80 }) { return line }
    var result = ""
    for scalar in line.unicodeScalars {
      switch scalar {
      case "→": result += "->"
      case "←": result += "<-"
      case "…": result += "..."
      case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
      default: result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result
  }
}
