import Bytes
import LogProtocol
import LogText

/// Prints the records that are asked for, until there are enough of them or nobody reads any more.
final class RecordPrinter {
  /// Whether nothing more is to be printed.
  private(set) var isDone = false

  private let filter: RecordFilter
  private var formatter: LineFormatter
  private let output: LineOutput
  private var remaining: Int

  /// Creates a printer of the records that `filter` shows, `limit` of them where that is not nil.
  init(_ filter: RecordFilter, _ formatter: LineFormatter, limit: Int?, to output: LineOutput = LineOutput())
  {
    self.filter = filter
    self.formatter = formatter
    self.output = output
    remaining = limit ?? .max
    isDone = remaining == 0
  }

  /// Prints a record, later.
  func print(_ header: RecordHeader, body: UnsafeRawBufferPointer) throws(IOError) {
    guard !isDone else { return }
    guard filter.shows(header, body: body) else { return formatter.skip(header, body: body) }
    formatter.append(header, body: body, to: &output.bytes)
    remaining -= 1
    if remaining == 0 { isDone = true }
    if output.bytes.count >= LineOutput.batch { try flush() }
  }

  /// Prints what was kept for later.
  func flush() throws(IOError) {
    if try !output.flush() { isDone = true }
  }
}
