import BitcoinWire
import Bytes
import Commands
import LogFiles
import LogProtocol
import LogText
import Observations
import Store
import Wording

/// Converts records to database rows.
struct DatabaseRows {
  private struct Place: Hashable {
    let source: UInt32
    let connection: UInt32
  }

  private let hasPayload: Bool
  private var formatter = TextFormatter()
  /// Rows of the open connections, without the columns about their end.
  private var opened: [Place: [SQLValue]] = [:]
  /// Connections whose current row the database does not have.
  private var changed: Set<Place> = []
  /// Rows of the known sources, by instance.
  private var sources: [UInt64: [SQLValue]] = [:]
  /// Sources with at least one record in the database.
  private var shown: Set<UInt32> = []
  private var areSourcesChanged = false
  private var messageCount: Int64 = 0
  /// The announcements of the current message; a property so that its memory is reused.
  private var announcements: [Announcement] = []
  /// The digits of a hash; a property so that its memory is reused.
  private var digits: [UInt8] = []

  /// Creates a converter without known connections or sources.
  ///
  /// - Parameter hasPayload: whether to store the payloads of messages.
  init(hasPayload: Bool) { self.hasPayload = hasPayload }

  /// Restores the state from an existing database.
  ///
  /// - Parameters:
  ///   - messageCount: the largest `id` in `messages`.
  ///   - connections: the rows of the open connections.
  ///   - sources: the rows of the sources.
  mutating func restore(messageCount: Int64, connections: [[SQLValue]], sources: [[SQLValue]]) {
    self.messageCount = messageCount
    for row in connections {
      guard let source = row[0].integer.flatMap({ UInt32(exactly: $0) }),
        let connection = row[1].integer.flatMap({ UInt32(exactly: $0) })
      else { continue }
      opened[Place(source: source, connection: connection)] = Array(
        row.prefix(Self.agent + 2)
      )
    }
    for row in sources {
      guard let source = row[0].integer.flatMap({ UInt32(exactly: $0) }) else { continue }
      shown.insert(source)
      guard let instance = row[1].string.flatMap({ UInt64($0, radix: 16) }) else { continue }
      self.sources[instance] = row
      // The texts name sources by their kinds.
      let description = SourceDescription(
        instance: instance,
        process: 0,
        kind: row[2].string ?? "",
        name: "",
        version: ""
      )
      let body = MetaBody.sourceJoined(source: source, description).body
      body.withUnsafeBytes {
        formatter.skip(StreamRecord(RecordHeader(type: .meta, time: 0, bodyCount: $0.count), $0))
      }
    }
  }

  /// Follows a record that the database has already, or that is not wanted.
  mutating func skip(_ record: StreamRecord) {
    formatter.skip(record)
    switch record.content {
    case .event(let event): _ = note(event, record.header)
    case .meta(let meta): note(meta, record.header)
    case .message, .text, .other, .unreadable: break
    }
  }

  /// Writes the rows of a new record.
  mutating func note(
    _ record: StreamRecord,
    isShown: Bool,
    _ tables: ExportTables
  ) throws(ClientFailure) {
    let header = record.header
    if isShown, header.source != 0, shown.insert(header.source).inserted { areSourcesChanged = true }
    switch record.content {
    case .message(let message):
      if isShown { try note(message, record, tables) }
    case .event(let event):
      formatter.skip(record)
      try note(event, header, isShown: isShown, tables)
    case .unreadable where header.type == .connection: break
    default:
      if case .meta(let meta) = record.content, let place = note(meta, header) { changed.insert(place) }
      guard isShown else { return formatter.skip(record) }
      let text = formatter.words(record)
      let place = Self.place(header)
      try tables.insert(.texts, place + [.text(header.type.name), .text(text)])
    }
  }

  /// Writes the rows of open connections that have changed since the last call.
  mutating func takeConnections(
    _ tables: ExportTables
  ) throws(ClientFailure) {
    for place in changed.sorted(by: { ($0.source, $0.connection) < ($1.source, $1.connection) }) {
      if let row = opened[place] {
        try tables.insert(.connections, row + [SQLValue](repeating: .null, count: Self.endCount))
      }
    }
    changed = []
  }

  /// Returns the rows of all sources; nil if they have not changed since the last call.
  mutating func takeSources() -> [[SQLValue]]? {
    guard areSourcesChanged else { return nil }
    areSourcesChanged = false
    let rows = sources.sorted { $0.key < $1.key }.map(\.value)
    let others = shown.subtracting(sources.values.compactMap { $0[0].integer.map { UInt32($0) } })
    return rows + others.sorted().map { [.number($0), .null, .null, .null, .null] }
  }

  private static func place(_ header: RecordHeader) -> [SQLValue] {
    [.number(header.time), .number(header.source), .number(header.sequence), .number(header.connection)]
  }

  private mutating func note(
    _ message: MessageHeader?,
    _ record: StreamRecord,
    _ tables: ExportTables
  ) throws(ClientFailure) {
    messageCount += 1
    let header = record.header
    let payload = record.payload
    let row = tables.messages
    row.append(messageCount)
    row.append(Int64(clamping: header.time))
    row.append(Int64(header.source))
    row.append(Int64(clamping: header.sequence))
    row.append(Int64(header.connection))
    row.append(header.flags.contains(.sent) ? 1 : 0 as Int64)
    row.append(Int64(header.flags.rawValue))
    if let message { row.append("\(message.command)") } else { row.appendNull() }
    row.append(Int64(payload.count))
    if message == nil { row.appendNull() } else { row.append(formatter.words(record)) }
    if hasPayload { row.append(bytes: payload) } else { row.appendNull() }
    try tables.end(row)
    announcements.removeAll(keepingCapacity: true)
    Announcement.forEach(in: record) { announcements.append($0) }
    let dialect = Dialect(magic: message?.magic ?? 0)
    for announcement in announcements {
      try add(announcement.hash, announcement.form, announcement.name(in: dialect), tables)
      guard let other = announcement.otherHash, other != announcement.hash else { continue }
      try add(other, announcement.form, "wtx", tables)
    }
  }

  private mutating func add(
    _ hash: Hash256,
    _ form: Announcement.Form,
    _ type: String,
    _ tables: ExportTables
  ) throws(ClientFailure) {
    let row = tables.announcements
    row.append(messageCount)
    row.append(form.rawValue)
    row.append(type)
    digits.removeAll(keepingCapacity: true)
    hash.append(digits: &digits)
    digits.withUnsafeBytes { row.append(text: $0) }
    try tables.end(row)
  }

  private mutating func note(
    _ event: ConnectionEvent,
    _ header: RecordHeader,
    isShown: Bool,
    _ tables: ExportTables
  ) throws(ClientFailure) {
    if isShown {
      try tables.insert(
        .events,
        Self.place(header) + [
          .number(event.code.rawValue), .text(event.code.name), .text("\(event.remote)"),
          .text("\(event.local)"),
          .number(event.outcome?.errorNumber ?? 0), .number(event.duration),
          .nonempty(EscapedText.utf8(event.userAgent)),
          .nonempty(EscapedText.utf8((event.outcome?.words ?? "").utf8)),
          event.evidence.isEmpty ? .null : .bytes(event.evidence),
        ] + Self.cause(event.outcome)
      )
    }
    if let row = note(event, header) { try tables.insert(.connections, row) }
    let place = Place(source: header.source, connection: header.connection)
    if opened[place] != nil { changed.insert(place) } else { changed.remove(place) }
  }

  /// Follows an event; returns the complete row of the connection if the event ends it.
  private mutating func note(_ event: ConnectionEvent, _ header: RecordHeader) -> [SQLValue]? {
    let place = Place(source: header.source, connection: header.connection)
    switch event.code {
    case .connected, .accepted:
      opened[place] = Self.row(
        place,
        OpenConnection(
          direction: event.direction,
          remote: event.remote,
          local: event.local,
          since: header.time,
          peer: event.peer
        )
      )
    case .handshaken: opened[place]?[Self.agent] = .nonempty(EscapedText.utf8(event.userAgent))
    case .connectFailed: break
    case .closedByPeer, .writeFailed, .failed, .resetByPeer, .closedByUs:
      return opened.removeValue(forKey: place).map {
        $0 + [
          .number(header.time), .text(event.code.name),
          .nonempty(EscapedText.utf8((event.outcome?.words ?? "").utf8)),
        ] + Self.cause(event.outcome)
      }
    }
    return nil
  }

  /// Follows a META record; returns its connection if the record changes the connection's row.
  @discardableResult
  private mutating func note(_ meta: MetaBody, _ header: RecordHeader) -> Place? {
    switch meta {
    case .sourceJoined(let source, let description):
      let row: [SQLValue] = [
        .number(source), .text(Hexadecimal.text(description.instance)),
        .text(EscapedText.utf8(description.kind.utf8)),
        .nonempty(EscapedText.utf8(description.name.utf8)),
        .nonempty(EscapedText.utf8(description.version.utf8)),
      ]
      if sources.updateValue(row, forKey: description.instance) != row { areSourcesChanged = true }
    case .openConnection(let open):
      let place = Place(source: header.source, connection: header.connection)
      let row = Self.row(place, open)
      if opened.updateValue(row, forKey: place) != row { return place }
    default: break
    }
    return nil
  }

  /// The name and the code of an outcome.
  private static func cause(_ outcome: Outcome?) -> [SQLValue] {
    guard let outcome else { return [.null, .null] }
    return [outcome.causeName.map(SQLValue.text) ?? .null, .number(outcome.code.rawValue)]
  }

  /// The number of columns about a connection's end, the last ones.
  private static let endCount = 5

  /// The index of the user agent in a connection's row. The opening time and the columns about the end follow it.
  private static let agent = 8

  private static func row(_ place: Place, _ open: OpenConnection) -> [SQLValue] {
    [
      .number(place.source), .number(place.connection), .text("\(open.direction)"),
      .number(open.remote.address.network.rawValue), .text("\(open.remote.address)"),
      .number(open.remote.port),
      .text("\(open.local.address)"), .number(open.local.port), .nonempty(EscapedText.utf8(open.userAgent)),
      .number(open.since),
    ]
  }
}

extension SQLValue {
  /// A text; null if it is empty.
  fileprivate static func nonempty(_ text: String) -> SQLValue { text.isEmpty ? .null : .text(text) }
}
