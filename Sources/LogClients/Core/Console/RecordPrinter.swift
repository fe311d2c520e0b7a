import Bytes
import LogProtocol
import LogText

/// Prints the requested records, until there are enough or nobody reads the output.
final class RecordPrinter {
  /// Whether nothing more will be printed.
  private(set) var isDone = false

  private var lines: RecordLines
  private let output: LineOutput
  private var remaining: Int

  /// Creates a printer that stops after `limit` records; nil means no limit.
  init(_ lines: RecordLines, limit: Int?, to output: LineOutput = LineOutput()) {
    self.lines = lines
    self.output = output
    remaining = limit ?? .max
    isDone = remaining == 0
  }

  /// Adds a record to the buffer, which `flush` writes.
  func print(_ record: StreamRecord) throws(IOError) {
    guard !isDone else { return }
    guard lines.append(record, to: &output.bytes) else { return }
    remaining -= 1
    if remaining == 0 { isDone = true }
    if isDone { lines.finish(to: &output.bytes) }
    if output.bytes.count >= LineOutput.batch { try flush() }
  }

  /// Handles a record that is not printed but that later lines may refer to.
  func skip(_ record: StreamRecord) {
    if !isDone { lines.skip(record, to: &output.bytes) }
  }

  /// Whether open connections were counted and their summary is not printed yet.
  var hasSummary: Bool { !isDone && lines.hasSummary }

  /// Prints the number of open connections, if that is still to be printed.
  func printSummary() throws(IOError) {
    guard hasSummary else { return }
    lines.appendSummary(to: &output.bytes)
    try flush()
  }

  /// Seconds between calls of `print(until:)`; nil if it need not be called.
  var interval: Double? { lines.interval }

  /// Prints the lines of all intervals that ended before `time`, in ns since the Unix epoch.
  func print(until time: UInt64) throws(IOError) {
    lines.finish(before: time, to: &output.bytes)
    try flush()
  }

  /// Prints the remaining lines.
  func finish() throws(IOError) {
    lines.finish(to: &output.bytes)
    try flush()
  }

  /// Writes the buffer.
  func flush() throws(IOError) {
    if try !output.flush() { isDone = true }
  }
}
