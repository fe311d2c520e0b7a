import ArgumentParser
import LogFiles
import LogText

/// `netmine log export`: writes records in a form that other programs read.
struct ExportCommand: LogToolCommand {
  /// What to write.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case pcapng, ndjson, csv
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write records in a form that other programs read: pcapng, NDJSON, CSV.",
    discussion: """
      For example: netmine log export --as pcapng --peer 10.1.2.3 -o peer.pcapng verbatim.log

      pcapng: messages only, each under TCP that is made up around it, for Wireshark and tshark. ndjson: what \
      `console --json` shows. csv: a line a record. docs/log-tools.md describes each.
      """
  )

  @Option(name: .customLong("as"), help: "What to write. (default: by the file's name)")
  var form: Form?

  @Flag(help: "Write the payload of messages too, in hexadecimal. Only as ndjson.")
  var payload = false

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "Where to") var target: ByteOutputOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { false }

  private var chosen: Form? {
    form ?? target.path?.split(separator: ".").last.flatMap { Form(rawValue: String($0)) }
  }

  func validate() throws {
    guard let chosen else { throw ValidationError("Say with --as what to write: pcapng, ndjson or csv.") }
    guard !payload || chosen == .ndjson else { throw ValidationError("--payload goes with ndjson only.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    guard let chosen else { return .usage }
    let output =
      chosen == .pcapng
      ? try target.open(environment.output)
      : try ByteOutput(target.path, replaces: target.force, environment.output)
    var selector = RecordSelector(records.filter)
    let reading = LogReading(input, environment.output)
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
