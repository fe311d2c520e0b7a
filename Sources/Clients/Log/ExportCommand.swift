import ArgumentParser
import Commands
import LogConsumer
import LogFiles
import LogOptions
import LogProtocol
import LogText

/// `netmine log export`: writes records in a format of other programs.
struct ExportCommand: LogToolCommand {
  /// The output format.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case pcapng, ndjson, csv, sqlite, postgres

    /// Whether it is a database.
    var isDatabase: Bool { self == .sqlite || self == .postgres }
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write records in a format of other programs: pcapng, NDJSON, CSV, SQLite, PostgreSQL.",
    discussion: """
      For example: netmine log export --as pcapng --peer 10.1.2.3 -o peer.pcapng verbatim.log

      pcapng: messages only, within made-up TCP connections, for Wireshark and tshark. ndjson: the output of \
      `console --json`. csv: one line per record. sqlite and postgres: a database with tables of messages, \
      connections, events and announcements. docs/log-tools.md describes each.
      """
  )

  @Option(name: .customLong("as"), help: "Output format. (default: by --database or the file's name)")
  var form: Form?

  @Flag(help: "Include message payloads; ndjson, sqlite and postgres only. In hexadecimal in ndjson.")
  var payload = false

  @Option(
    help: ArgumentHelp(
      """
      The PostgreSQL database: postgresql://user@host/name, or key=value words, as for psql. Keep a password \
      in ~/.pgpass or PGPASSWORD: other users can see the command line.
      """,
      valueName: "uri"
    )
  )
  var database: String?

  @Option(help: ArgumentHelp("The PostgreSQL schema of the tables.", valueName: "name"))
  var schema = "netmine"

  @Flag(
    help: """
      Add missing records to the database of an earlier export, and commit every 16,384 records. After an \
      interruption, run the same command again to resume.
      """
  )
  var append = false

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "Output file") var target: ByteOutputOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { false }

  private var chosen: Form? {
    form ?? (database == nil ? nil : .postgres)
      ?? target.path?.split(separator: ".").last.flatMap { Form(rawValue: String($0)) }
  }

  func validate() throws {
    guard let chosen else {
      throw ValidationError("Choose the format with --as: pcapng, ndjson, csv, sqlite or postgres.")
    }
    guard !payload || chosen == .ndjson || chosen.isDatabase else {
      throw ValidationError("--payload is for ndjson, sqlite and postgres only.")
    }
    guard !append || chosen.isDatabase, !(append && target.force) else {
      throw ValidationError("--append is for sqlite and postgres only, and excludes --force.")
    }
    guard chosen != .sqlite || target.path.map({ $0 != "-" }) ?? false else {
      throw ValidationError("Name the database file with -o.")
    }
    guard (chosen == .postgres) == (database != nil), chosen != .postgres || target.path == nil else {
      throw ValidationError("postgres needs --database and allows no -o; no other format allows --database.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    guard let chosen else { return .usage }
    if chosen.isDatabase { return try exportDatabase(environment) }
    let output =
      chosen == .pcapng
      ? try target.open(environment.output)
      : try ByteOutput(target.path, replaces: target.force, environment.output)
    let reading = LogReading(input, environment.output, for: records.filter)
    var sink = RecordSink(chosen, hasPayload: payload, &output.bytes)
    try reading.forEach { record, _, isWanted throws(ClientFailure) in
      sink.append(record, isShown: isWanted, to: &output.bytes)
      return try output.flushIfMuch()
    }
    try output.finish()
    return reading.status
  }
}

extension ExportCommand {
  /// Exports into a database.
  private func exportDatabase(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let output = environment.output
    let reading = LogReading(input, output, for: records.filter)
    let mode: DatabaseMode = append ? .appending : target.force ? .replacing : .creating
    let choice = (records.words + (payload ? ["--payload"] : [])).joined(separator: " ")
    func fill(_ tables: ExportTables) throws(ClientFailure) {
      var export = try DatabaseExport(
        tables,
        records.filter,
        hasPayload: payload,
        choice: choice,
        commitsOnTheWay: append,
        output
      )
      try reading.forEachFile { file throws(ClientFailure) in
        try export.export(file, reading)
        return true
      }
      try export.finish()
      let left = export.leftCount == 0 ? "" : ", \(export.leftCount) left out as duplicates"
      if append || export.leftCount > 0 {
        output.note("\(Quantity.counted(export.addedCount, "record"))\(left)")
      }
    }
    let place =
      database.map { DatabasePlace.postgreSQL(address: $0, schema: schema) } ?? .sqlite(path: target.path!)
    try place.write(mode, fill)
    return reading.status
  }
}

/// The writer of any format except databases.
private enum RecordSink {
  case pcapng(PcapngWriter)
  case ndjson(JSONFormatter)
  case csv(CSVWriter)

  init(_ form: ExportCommand.Form, hasPayload: Bool, _ output: inout [UInt8]) {
    switch form {
    case .pcapng:
      output += PcapngWriter.beginning
      self = .pcapng(PcapngWriter())
    case .ndjson: self = .ndjson(JSONFormatter(hasPayload: hasPayload))
    case .csv:
      output += CSVWriter.beginning.utf8
      self = .csv(CSVWriter())
    case .sqlite, .postgres: preconditionFailure("a database is not written as bytes")
    }
  }

  mutating func append(_ record: StreamRecord, isShown: Bool, to output: inout [UInt8]) {
    // Move the writer out and back, so that it is changed in place rather than copied.
    switch self {
    case .pcapng(var writer):
      self = .csv(CSVWriter())
      writer.append(record, isShown: isShown, to: &output)
      self = .pcapng(writer)
    case .csv(var writer):
      self = .ndjson(JSONFormatter())
      writer.append(record, isShown: isShown, to: &output)
      self = .csv(writer)
    case .ndjson(var formatter):
      self = .csv(CSVWriter())
      if isShown {
        formatter.append(record, to: &output)
      } else {
        formatter.skip(record)
      }
      self = .ndjson(formatter)
    }
  }
}
