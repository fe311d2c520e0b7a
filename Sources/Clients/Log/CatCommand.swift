import ArgumentParser
import Commands
import LogConsumer
import LogFiles
import LogOptions
import LogProtocol
import LogText

/// `netmine log cat`: shows the records of log files.
struct CatCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "cat",
    abstract: "Show the records of log files: as lines, as JSON, as raw bytes, or as rates.",
    discussion: "Files are read one after another, in the order of their creation times."
  )

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "How they are shown") var form: RecordOutputOptions

  @Option(help: ArgumentHelp("Stop after this many records.", valueName: "n"))
  var count: Int?

  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { form.json }

  func validate() throws {
    guard count ?? 1 > 0 else { throw ValidationError("--count must be 1 or more.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let printer = RecordListing(RecordLines(records.filter, form.mode(), isLive: false), environment.output)
    let reading = LogReading(input, environment.output, for: records.filter)
    var remaining = count ?? .max
    try reading.forEach { record, _, isWanted in
      if !isWanted {
        printer.skip(record)
      } else if printer.print(record) {
        remaining -= 1
      }
      return remaining > 0
    }
    printer.finish()
    return reading.status
  }
}

/// Prints records in batches of 64 KiB.
final class RecordListing {
  private var lines: RecordLines
  private let output: Output
  private var bytes: [UInt8] = []

  /// Prints `lines` to `output`.
  init(_ lines: RecordLines, _ output: Output) {
    self.lines = lines
    self.output = output
  }

  /// Adds a record to the batch; returns whether it counts as shown.
  func print(_ record: StreamRecord) -> Bool {
    let isShown = lines.append(record, to: &bytes)
    if bytes.count >= 64 << 10 { flush() }
    return isShown
  }

  /// Handles a record that is not shown, for the names of its connection.
  func skip(_ record: StreamRecord) { lines.skip(record, to: &bytes) }

  /// Prints the last batch.
  func finish() {
    lines.finish(to: &bytes)
    flush()
  }

  private func flush() {
    output.lines(bytes)
    bytes.removeAll(keepingCapacity: true)
  }
}
