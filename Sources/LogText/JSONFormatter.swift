import BitcoinWire
import Bytes
import JSON
import LogProtocol
import Observations
import Wording

/// Writes each record as a JSON object on a line of its own.
public struct JSONFormatter {
  /// The names of sources and the peers of connections.
  public private(set) var names = StreamNames()

  private let hasPayload: Bool
  private var times = TimeText()

  /// Creates a formatter that knows no sources yet.
  ///
  /// - Parameter hasPayload: whether to write a message's payload in hexadecimal.
  public init(hasPayload: Bool = false) { self.hasPayload = hasPayload }

  /// Learns from a record that is not shown.
  public mutating func skip(_ record: StreamRecord) {
    names.note(record)
  }

  /// Appends a record's object, with a line feed.
  public mutating func append(_ record: StreamRecord, to output: inout [UInt8]) {
    let header = record.header
    let known = names.remote(of: header)
    names.note(record)
    let remote = known ?? names.remote(of: header)
    var json = JSONWriter(taking: &output)
    json.member("time_ns", header.time)
    json.member("time", plain: { times.append(header.time, digits: 9, to: &$0) })
    json.member("source", header.source)
    if let kind = names.kind(of: header.source) { json.member("source_kind", kind) }
    json.member("sequence", header.sequence)
    json.member("type", header.type.name)
    json.member("flags", Self.names(of: header.flags))
    json.member("connection", header.connection)
    if header.type != .connection, let remote { json.member("remote", "\(remote)") }
    content(record, &json)
    json.finish(into: &output)
    output.append(UInt8(ascii: "\n"))
  }

  private static let flagNames: [(RecordFlags, String)] = [
    (.sent, "sent"), (.wrongChecksum, "wrong_checksum"), (.encrypted, "encrypted"),
    (.truncated, "truncated"), (.upperBound, "upper_bound"), (.resent, "resent"),
  ]

  private static func names(of flags: RecordFlags) -> [String] {
    flags.isEmpty ? [] : flagNames.filter { flags.contains($0.0) }.map(\.1)
  }

  private func content(_ record: StreamRecord, _ json: inout JSONWriter) {
    switch record.content {
    case .message(let header): write(MessageText(record, header), record, &json)
    case .event(let event): write(event, &json)
    case .meta(let meta): meta.write(to: &json)
    case .text: json.member("text", record.text)
    case .other: json.hexadecimal("body", record.body)
    case .unreadable: malformed(record.body, &json)
    }
  }

  private func write(
    _ message: MessageText,
    _ record: StreamRecord,
    _ json: inout JSONWriter
  ) {
    json.member("direction", record.header.flags.contains(.sent) ? "sent" : "received")
    if let header = message.header {
      json.member("command", "\(header.command)")
      json.hexadecimal("magic", UnsafeRawBufferPointer(rebasing: record.body.prefix(4)))
      json.member("length", header.length)
    }
    if let isRight = message.isChecksumRight { json.member("checksum_ok", isRight) }
    if message.isMalformed { json.member("malformed", true) }
    json.member("summary", message.summary)
    if let decoded = message.decoded {
      json.object("message") { decoded.message.write(to: &$0, in: message.dialect) }
      if !decoded.trailing.isEmpty { json.hexadecimal("trailing", decoded.trailing) }
    }
    if hasPayload {
      json.hexadecimal("payload", record.payload)
    }
  }

  private func write(_ event: ConnectionEvent, _ json: inout JSONWriter) {
    json.member("remote", "\(event.remote)")
    json.member("local", "\(event.local)")
    json.member("event", event.code.name)
    json.member("event_code", event.code.rawValue)
    json.member("opened", "\(event.direction)")
    json.member("errno", event.outcome?.errorNumber ?? 0)
    json.member("duration_ns", event.duration)
    json.member("reason", event.outcome?.words ?? "")
    json.member("cause", event.outcome?.causeName)
    json.member("cause_code", event.outcome?.code.rawValue)
    json.member("user_agent", EscapedText.utf8(event.userAgent))
    json.member("evidence", Hexadecimal.text(event.evidence))
    json.member("summary", event.words)
  }

  private func malformed(_ body: UnsafeRawBufferPointer, _ json: inout JSONWriter) {
    json.member("malformed", true)
    json.hexadecimal("body", body)
  }
}
