import ArgumentParser
import Commands
import LogConsumer
import LogFiles
import LogOptions
import LogText

/// `netmine log export`: writes records in a form that other programs read.
struct ExportCommand: LogToolCommand {
  /// What to write.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case pcapng, ndjson, csv, sqlite, postgres

    /// Whether it is tables.
    var isDatabase: Bool { self == .sqlite || self == .postgres }
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write records in a form that other programs read: pcapng, NDJSON, CSV, SQLite, PostgreSQL.",
    discussion: """
      For example: netmine log export --as pcapng --peer 10.1.2.3 -o peer.pcapng verbatim.log

      pcapng: messages only, each under TCP that is made up around it, for Wireshark and tshark. ndjson: what \
      `console --json` shows. csv: a line a record. sqlite and postgres: a database with \
      tables of messages, connections, events and what was announced. docs/log-tools.md describes each.
      """
  )

  @Option(name: .customLong("as"), help: "What to write. (default: by the file's name)")
  var form: Form?

  @Flag(help: "Write the payload of messages too, in ndjson in hexadecimal. As ndjson, sqlite and postgres.")
  var payload = false

  @Option(
    help: ArgumentHelp(
      """
      The PostgreSQL database: postgresql://user@host/name, or key=value words, as of psql; a password is better kept \
      in ~/.pgpass or PGPASSWORD, where others do not see it.
      """,
      valueName: "uri"
    )
  )
  var database: String?

  @Option(help: ArgumentHelp("The schema in it that the tables are in.", valueName: "name"))
  var schema = "netmine"

  @Flag(
    help: """
      Add what is not there yet to a database that an export has written, bit by bit: where it is cut off, the same \
      again goes on.
      """
  )
  var append = false

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "Where to") var target: ByteOutputOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { false }

  private var chosen: Form? {
    form ?? (database == nil ? nil : .postgres)
      ?? target.path?.split(separator: ".").last.flatMap { Form(rawValue: String($0)) }
  }

  func validate() throws {
    guard let chosen else {
      throw ValidationError("Say with --as what to write: pcapng, ndjson, csv, sqlite or postgres.")
    }
    guard !payload || chosen == .ndjson || chosen.isDatabase else {
      throw ValidationError("--payload goes with ndjson, sqlite and postgres only.")
    }
    guard !append || chosen.isDatabase, !(append && target.force) else {
      throw ValidationError("--append goes with sqlite and postgres only, and not with --force.")
    }
    guard chosen != .sqlite || target.path.map({ $0 != "-" }) ?? false else {
      throw ValidationError("Name the database with -o.")
    }
    guard (chosen == .postgres) == (database != nil), chosen != .postgres || target.path == nil else {
      throw ValidationError("--database, and not -o, says where postgres writes to, and nothing else does.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    guard let chosen else { return .usage }
    if chosen.isDatabase { return try exportDatabase(environment) }
    let output =
      chosen == .pcapng
      ? try target.open(environment.output)
      : try ByteOutput(target.path, replaces: target.force, environment.output)
    var selector = RecordSelection(records.filter)
    let reading = LogReading(input, environment.output, for: records.filter)
    var sink = RecordSink(chosen, hasPayload: payload, &output.bytes)
    try reading.forEach { record, _ throws(ClientFailure) in
      let isShown = selector.shows(record.header, body: record.body)
      sink.append(record, isShown: isShown, to: &output.bytes)
      return try output.flushIfMuch()
    }
    try output.finish()
    return reading.status
  }
}

extension ExportCommand {
  /// Writes a database.
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
      let left = export.leftCount == 0 ? "" : ", \(export.leftCount) left out that were there already"
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

/// Any of the forms that are written as bytes.
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

  mutating func append(_ record: LogRecord, isShown: Bool, to output: inout [UInt8]) {
    // Taken out and put back, so that it is changed in place rather than copied.
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
        formatter.append(record.header, body: record.body, to: &output)
      } else {
        formatter.skip(record.header, body: record.body)
      }
      self = .ndjson(formatter)
    }
  }
}
