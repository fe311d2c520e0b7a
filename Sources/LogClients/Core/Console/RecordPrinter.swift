import Bytes
import LogProtocol
import LogText

/// Prints the records that are asked for, until there are enough of them or nobody reads any more.
final class RecordPrinter {
  /// Whether nothing more is to be printed.
  private(set) var isDone = false

  private var lines: RecordLines
  private let output: LineOutput
  private var remaining: Int

  /// Creates a printer of these lines, `limit` of them where that is not nil.
  init(_ lines: RecordLines, limit: Int?, to output: LineOutput = LineOutput()) {
    self.lines = lines
    self.output = output
    remaining = limit ?? .max
    isDone = remaining == 0
  }

  /// Prints a record, later.
  func print(_ header: RecordHeader, body: UnsafeRawBufferPointer) throws(IOError) {
    guard !isDone else { return }
    guard lines.append(header, body: body, to: &output.bytes) else { return }
    remaining -= 1
    if remaining == 0 { isDone = true }
    if isDone { lines.finish(to: &output.bytes) }
    if output.bytes.count >= LineOutput.batch { try flush() }
  }

  /// Takes in a record that is not printed.
  func skip(_ header: RecordHeader, body: UnsafeRawBufferPointer) {
    if !isDone { lines.skip(header, body: body, to: &output.bytes) }
  }

  /// Whether open connections are told and not printed yet.
  var hasSummary: Bool { !isDone && lines.hasSummary }

  /// Prints how many connections are open, where they are told and not printed yet.
  func printSummary() throws(IOError) {
    guard hasSummary else { return }
    lines.appendSummary(to: &output.bytes)
    try flush()
  }

  /// How often to call `print(until:)`, in seconds; nil for never.
  var interval: Double? { lines.interval }

  /// Prints what is known by a time, in ns since the Unix epoch, of the intervals that have passed.
  func print(until time: UInt64) throws(IOError) {
    lines.finish(before: time, to: &output.bytes)
    try flush()
  }

  /// Prints what was kept for the end.
  func finish() throws(IOError) {
    lines.finish(to: &output.bytes)
    try flush()
  }

  /// Prints what was kept for later.
  func flush() throws(IOError) {
    if try !output.flush() { isDone = true }
  }
}
