import ArgumentParser
import Bytes
import Commands
import LogConsumer
import LogFiles
import LogOptions
import LogProtocol
import LogText
import Observations

/// `netmine log convert`: converts files to coinscope's format, or to this version's native format.
struct ConvertCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert log files to the native format, or to coinscope's.",
    discussion: """
      To native: bodies of events and open connections that earlier versions wrote are rewritten as this \
      version writes them, with codes in place of reasons in words. All other bytes stay the same. Sources \
      in coinscope files are recorded as joined, with kind coinscope. Their records are numbered from 1, and \
      their times stay whole seconds.

      To coinscope: the format has no place for META records, handshakes, later record types, and flags \
      other than the direction. They are left out, and times are cut to seconds. The records left out are \
      counted.
      """
  )

  @Option(name: .customLong("to"), help: ArgumentHelp("Output format.", valueName: "format"))
  var result: ArchiveFormat

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "Output file") var target: ByteOutputOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { false }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let output = try target.open(environment.output)
    let reading = LogReading(input, environment.output, for: records.filter)
    var writer = NativeLogWriter(bringsForward: true)
    var count = 0
    var left: [RecordType: Int] = [:]
    let result = result
    try reading.forEach { record, stored, isWanted throws(ClientFailure) in
      guard isWanted else {
        writer.skip(record)
        return true
      }
      if result == .native {
        writer.append(record, stored, to: &output.bytes)
        count += 1
      } else if let bytes = CoinscopeRecord.bytes(record.header, body: record.body) {
        output.bytes += bytes
        count += 1
      } else {
        left[record.header.type, default: 0] += 1
      }
      return try output.flushIfMuch()
    }
    if result == .native { writer.begin(at: 0, &output.bytes) }
    try output.finish()
    var words = Quantity.counted(count, "record")
    if !left.isEmpty {
      let kinds = left.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.name)" }
      words += ", left out: " + kinds.joined(separator: ", ")
    }
    environment.output.note(words)
    return reading.status
  }
}
