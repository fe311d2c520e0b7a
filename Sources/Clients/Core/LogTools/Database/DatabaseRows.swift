import BitcoinWire
import Bytes
import LogFiles
import LogProtocol
import LogText

/// Makes rows of records.
struct DatabaseRows {
  private struct Place: Hashable {
    let source: UInt32
    let connection: UInt32
  }

  private let hasPayload: Bool
  private var formatter = TextFormatter()
  private var opened: [Place: OpenConnection] = [:]
  private var sources: [UInt64: (source: UInt32, description: SourceDescription)] = [:]
  private var known: Set<UInt32> = []
  private var messageCount: Int64 = 0

  /// Begins.
  ///
  /// - Parameter hasPayload: whether messages have their payloads.
  init(hasPayload: Bool) { self.hasPayload = hasPayload }

  /// Calls `insert` with each row that a record makes.
  mutating func note(
    _ record: LogRecord,
    isShown: Bool,
    _ insert: (DatabaseTable, [DatabaseField]) throws -> Void
  ) rethrows {
    let header = record.header
    if isShown { known.insert(header.source) }
    switch header.type {
    case .message where isShown: try note(message: record, insert)
    case .connection: try note(event: record, isShown: isShown, insert)
    default:
      if header.type == .meta { note(meta: record) }
      guard isShown, header.type != .message else { return formatter.skip(header, body: record.body) }
      let text = formatter.words(header, body: record.body)
      let place = Self.place(header)
      try insert(.texts, place + [.text(header.type.name), .text(text.filter { $0 != "\0" })])
    }
  }

  /// Calls `insert` with the rows that are known at the end only.
  mutating func finish(_ insert: (DatabaseTable, [DatabaseField]) throws -> Void) rethrows {
    for (place, open) in opened.sorted(by: {
      ($0.key.source, $0.key.connection) < ($1.key.source, $1.key.connection)
    }) {
      try insert(.connections, Self.row(place, open, nil, nil))
    }
    opened = [:]
    for (instance, entry) in sources.sorted(by: { ($0.value.source, $0.key) < ($1.value.source, $1.key) }) {
      known.remove(entry.source)
      let description = entry.description
      try insert(
        .sources,
        [
          .number(entry.source), .text(Self.hexadecimal(instance)),
          .text(EscapedText.utf8(description.kind.utf8)),
          .optional(EscapedText.utf8(description.name.utf8)),
          .optional(EscapedText.utf8(description.version.utf8)),
        ]
      )
    }
    for source in known.sorted() where source != 0 {
      try insert(.sources, [.number(source), .none, .none, .none, .none])
    }
  }

  private static func hexadecimal(_ instance: UInt64) -> String {
    var bytes: [UInt8] = []
    bytes.appendBig(instance)
    return Hexadecimal.text(bytes)
  }

  private static func place(_ header: RecordHeader) -> [DatabaseField] {
    [.number(header.time), .number(header.source), .number(header.sequence), .number(header.connection)]
  }

  private mutating func note(
    message record: LogRecord,
    _ insert: (DatabaseTable, [DatabaseField]) throws -> Void
  ) rethrows {
    messageCount += 1
    let header = record.header
    let message = MessageHeader(peeking: record.body.bytes)
    let payload = UnsafeRawBufferPointer(rebasing: record.body.dropFirst(MessageHeader.size))
    let command = message.map { "\($0.command)" }
    let summary = command == nil ? "" : formatter.words(header, body: record.body)
    try insert(
      .messages,
      [.integer(messageCount)] + Self.place(header) + [
        .number(header.flags.contains(.sent) ? 1 : 0), .number(header.flags.rawValue), .optional(command),
        .number(payload.count), .optional(summary), hasPayload ? .bytes(Array(payload)) : .none,
      ]
    )
    var announcements: [Announcement] = []
    Announcement.forEach(in: record.body) { announcements.append($0) }
    let dialect = Dialect(magic: message?.magic ?? 0)
    for announcement in announcements {
      let form = DatabaseField.text(announcement.form.rawValue)
      let type = announcement.name(in: dialect)
      try insert(.announcements, [.integer(messageCount), form, .text(type), .text("\(announcement.hash)")])
      guard let other = announcement.otherHash, other != announcement.hash else { continue }
      try insert(.announcements, [.integer(messageCount), form, .text("wtx"), .text("\(other)")])
    }
  }

  private mutating func note(
    event record: LogRecord,
    isShown: Bool,
    _ insert: (DatabaseTable, [DatabaseField]) throws -> Void
  ) rethrows {
    let header = record.header
    let place = Place(source: header.source, connection: header.connection)
    formatter.skip(header, body: record.body)
    guard let event = try? ConnectionEvent(record.body.bytes) else { return }
    if isShown {
      try insert(
        .events,
        Self.place(header) + [
          .number(event.code.rawValue), .text(event.code.text), .text("\(event.remote)"),
          .text("\(event.local)"),
          .number(event.errorNumber), .number(event.duration), .optional(EscapedText.utf8(event.userAgent)),
          .optional(EscapedText.utf8(event.reason.utf8)),
          event.evidence.isEmpty ? .none : .bytes(event.evidence),
        ]
      )
    }
    switch event.code {
    case .connected, .accepted:
      opened[place] = OpenConnection(
        direction: event.direction,
        remote: event.remote,
        local: event.local,
        since: header.time,
        userAgent: event.userAgent
      )
    case .handshaken: opened[place]?.userAgent = event.userAgent
    case .connectFailed: break
    case .closedByPeer, .writeFailed, .failed, .resetByPeer, .closedByUs:
      if let open = opened.removeValue(forKey: place) {
        try insert(.connections, Self.row(place, open, header.time, event))
      }
    }
  }

  private mutating func note(meta record: LogRecord) {
    let header = record.header
    switch try? MetaBody(record.body.bytes) {
    case .sourceJoined(let source, let description): sources[description.instance] = (source, description)
    case .openConnection(let open):
      opened[Place(source: header.source, connection: header.connection)] = open
    default: break
    }
  }

  private static func row(
    _ place: Place,
    _ open: OpenConnection,
    _ closed: UInt64?,
    _ event: ConnectionEvent?
  ) -> [DatabaseField] {
    [
      .number(place.source), .number(place.connection), .text("\(open.direction)"),
      .number(open.remote.address.network.rawValue), .text("\(open.remote.address)"),
      .number(open.remote.port),
      .text("\(open.local.address)"), .number(open.local.port), .optional(EscapedText.utf8(open.userAgent)),
      .number(open.since), closed.map { .number($0) } ?? .none, .optional(event?.code.text),
      .optional(event.map { EscapedText.utf8($0.reason.utf8) }),
    ]
  }
}
