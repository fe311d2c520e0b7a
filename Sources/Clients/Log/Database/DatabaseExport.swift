import BitcoinWire
import Bytes
import Commands
import LogConsumer
import LogFiles
import LogProtocol
import LogText
import Store

/// Exports log files into a database, each record once. It resumes a file at the place that an earlier export
/// reached, and skips a record if the database has its source and sequence number.
struct DatabaseExport {
  /// Records added.
  private(set) var addedCount = 0
  /// Records skipped because another file had them.
  private(set) var leftCount = 0

  private let tables: ExportTables
  private let output: Output
  private let commitsOnTheWay: Bool
  private var selector: RecordSelection
  private var rows: DatabaseRows
  private var seen = SeenSequences()
  private let numbering: SourceNumbering
  private var fileCount = 0
  private var files: [String: ExportProgress] = [:]
  private var changedFiles: Set<String> = []
  private var position: Position?
  private var revision = 0
  private var pendingCount = 0

  /// A place in a file: the file's identity, its name, the bytes up to there, and the record that ends there.
  private typealias Position = (head: String, name: String, count: UInt64, last: RecordHeader)

  /// Records per commit.
  private static let batch = 16_384

  /// The version of the table layout that this program writes.
  private static let layout = "1"

  /// Writes the properties of a new database, or restores the state from an existing one.
  ///
  /// - Parameters:
  ///   - choice: the options that select the records; records of another choice cannot be added later.
  ///   - commitsOnTheWay: whether to commit every 16,384 records.
  init(
    _ tables: ExportTables,
    _ filter: RecordCriteria,
    hasPayload: Bool,
    choice: String,
    commitsOnTheWay: Bool,
    _ output: Output
  ) throws(ClientFailure) {
    self.tables = tables
    self.output = output
    self.commitsOnTheWay = commitsOnTheWay
    selector = RecordSelection(filter)
    rows = DatabaseRows(hasPayload: hasPayload)
    numbering = SourceNumbering { output.note("\($0)") }
    if tables.isNew {
      let properties = [("layout", Self.layout), ("choice", choice), ("revision", "0")]
      for (name, value) in properties { try tables.insert(.properties, [.text(name), .text(value)]) }
    } else {
      try check(choice)
      try lock()
      try restore()
    }
  }

  /// Exports a file, from where an earlier export stopped if the file still matches.
  mutating func export(_ file: LogFile, _ reading: LogReading) throws(ClientFailure) {
    if try !take(file, reading, isKnown: true), let again = reading.open(file.path) {
      output.note(
        "\(file.path) has changed and is read again. Records without a sequence number may be added twice."
      )
      _ = try take(again, reading, isKnown: false)
    }
    if commitsOnTheWay, pendingCount > 0 { try commit() }
  }

  /// Writes the last rows and the progress. The caller commits.
  mutating func finish() throws(ClientFailure) { try writeProgress() }

  // MARK: Files

  /// Exports a file's records.
  ///
  /// - Parameter isKnown: whether to resume where an earlier export stopped.
  /// - Returns: false if the file does not match the place where the earlier export stopped.
  private mutating func take(_ file: LogFile, _ reading: LogReading, isKnown: Bool) throws(ClientFailure)
    -> Bool
  {
    position = nil
    fileCount += 1
    var known: ExportProgress?
    var passed: Position?
    var head = ""
    while let piece = reading.next(file) {
      guard case .record(let record) = piece else { continue }
      if head.isEmpty {
        head = ExportProgress.head(file, record)
        known = isKnown ? files[head] : nil
        if let known, let count = file.contentCount, count <= known.count { return count == known.count }
      }
      let own = numbering.renumber(record, of: fileCount - 1).typed
      let isShown = selector.shows(own)
      let end = record.offset + UInt64(record.bytes.count)
      if let before = known {
        if record.offset < before.count {
          passed = (head, file.path, end, record.header)
          seen.learn(own)
          rows.skip(own)
          continue
        }
        guard let passed, Self.progress(passed).isAt(before) else { return false }
        known = nil
      }
      position = (head, file.path, end, record.header)
      try take(own, isShown: isShown)
      if commitsOnTheWay, pendingCount >= Self.batch { try commit() }
    }
    noteProgress()
    return true
  }

  /// Records how far the current file has been exported.
  private mutating func noteProgress() {
    guard let position else { return }
    files[position.head] = Self.progress(position)
    changedFiles.insert(position.head)
  }

  private static func progress(_ position: Position) -> ExportProgress {
    ExportProgress(name: position.name, count: position.count, position.last)
  }

  private mutating func take(_ record: StreamRecord, isShown: Bool) throws(ClientFailure) {
    pendingCount += 1
    guard seen.isNew(record) else {
      leftCount += 1
      return rows.skip(record)
    }
    if isShown { addedCount += 1 }
    try rows.note(record, isShown: isShown, tables)
  }

  // MARK: State

  private mutating func check(_ choice: String) throws(ClientFailure) {
    let rows = try tables.rows("SELECT name, value FROM \(DatabaseTable.properties)")
    let properties = Dictionary(rows.map { ($0[0].description, $0[1].description) }) { first, _ in first }
    guard properties["layout"] == Self.layout, let revision = Int(properties["revision"] ?? "") else {
      throw ClientFailure(.someFailed, "The database has another version's layout: export into a new one.")
    }
    self.revision = revision
    guard let former = properties["choice"], former == choice else {
      func words(_ choice: String?) -> String { choice.map { $0.isEmpty ? "all records" : $0 } ?? "nothing" }
      throw ClientFailure(
        .someFailed,
        "The database was begun with \(words(properties["choice"])); \(words(choice)) cannot be added to it."
      )
    }
  }

  /// Increments the revision, and fails if another export has changed it.
  private mutating func lock() throws(ClientFailure) {
    let changed = try tables.rows(
      """
      UPDATE \(DatabaseTable.properties) SET value = '\(revision + 1)' \
      WHERE name = 'revision' AND value = '\(revision)' RETURNING value
      """
    )
    guard changed.count == 1 else {
      throw ClientFailure(
        .someFailed,
        "Another export has added to the database meanwhile: try again when it has finished."
      )
    }
    revision += 1
  }

  private mutating func restore() throws(ClientFailure) {
    func read(_ table: DatabaseTable, _ condition: String = "") throws(ClientFailure) -> [[SQLValue]] {
      try tables.rows("SELECT \(table.intakeTable.columnList) FROM \(table)\(condition)")
    }
    let sources = try read(.sources)
    rows.restore(
      messageCount: try tables.rows("SELECT max(id) FROM \(DatabaseTable.messages)")[0][0].integer ?? 0,
      connections: try read(.connections, " WHERE closed_ns IS NULL"),
      sources: sources
    )
    for row in sources {
      guard let source = row[0].integer.flatMap({ UInt32(exactly: $0) }),
        let instance = row[1].string.flatMap({ UInt64($0, radix: 16) })
      else { continue }
      seen.restore(instance, as: source)
      numbering.restore(instance, as: source)
    }
    for row in try read(.sequences, " ORDER BY instance, first") {
      guard let instance = row[0].string.flatMap({ UInt64($0, radix: 16) }),
        let first = row[1].integer.flatMap({ UInt64(exactly: $0) }),
        let last = row[2].integer.flatMap({ UInt64(exactly: $0) }), first <= last
      else { continue }
      seen.restore(first...last, of: instance)
    }
    for row in try read(.files) {
      guard let head = row[0].string, let name = row[1].string, let last = row[3].string,
        let count = row[2].integer.flatMap({ UInt64(exactly: $0) })
      else { continue }
      files[head] = ExportProgress(name: name, count: count, last: last)
    }
  }

  private mutating func commit() throws(ClientFailure) {
    try writeProgress()
    try tables.commit()
    try lock()
  }

  /// Writes the progress, with the state of connections and sources at that point.
  private mutating func writeProgress() throws(ClientFailure) {
    pendingCount = 0
    noteProgress()
    try rows.takeConnections(tables)
    try tables.mergeConnections()
    if let sources = rows.takeSources() {
      try tables.execute("DELETE FROM \(DatabaseTable.sources)")
      for row in sources { try tables.insert(.sources, row) }
    }
    for head in changedFiles {
      try tables.execute("DELETE FROM \(DatabaseTable.files) WHERE head = '\(head)'")
      let progress = files[head]!
      try tables.insert(
        .files,
        [
          .text(head), .text(EscapedText.utf8(progress.name.utf8)), .number(progress.count),
          .text(progress.last),
        ]
      )
    }
    changedFiles = []
    try seen.takeChanges { [tables] instance, first, ranges throws(ClientFailure) in
      let name = Hexadecimal.text(instance)
      let condition = "instance = '\(name)' AND first >= \(Int64(clamping: first))"
      try tables.execute("DELETE FROM \(DatabaseTable.sequences) WHERE \(condition)")
      for range in ranges {
        try tables.insert(.sequences, [.text(name), .number(range.lowerBound), .number(range.upperBound)])
      }
    }
    try tables.flush()
  }
}
