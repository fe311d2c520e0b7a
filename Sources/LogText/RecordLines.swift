import Bytes
import LogConsumer
import LogProtocol
import Observations

/// Writes the records that are asked for: as lines, as their bytes, or summed up.
///
/// A live stream begins with a record for each open connection, so that nothing later refers to something that
/// was not told. People get one line for all of a source's: there can be thousands.
public struct RecordLines {
  private var mode: RecordMode
  private let summarises: Bool
  private var hasPreamble = false

  /// Open connections told and not written yet, by source, in order, with the time of the last.
  private var open: [(source: UInt32, count: Int, time: UInt64)] = []

  /// Creates lines of records that criteria have chosen.
  ///
  /// - Parameter isLive: whether they come from a log server. Then the open connections that it tells are
  ///   summarised, unless lines are for programs or META records are asked for by name.
  public init(_ filter: RecordCriteria, _ mode: RecordMode, isLive: Bool) {
    self.mode = mode
    if case .lines(.text) = mode {
      summarises = isLive && filter.showsMeta && !filter.asksForMeta
    } else {
      summarises = false
    }
  }

  /// Creates lines of another form than records' bytes or sums.
  public init(_ filter: RecordCriteria, _ formatter: LineFormatter, isLive: Bool) {
    self.init(filter, .lines(formatter), isLive: isLive)
  }

  /// Appends a record, with a line feed if it makes a line; returns whether it counts as shown.
  ///
  /// - Parameter body: the record's body.
  public mutating func append(
    _ header: RecordHeader,
    body: UnsafeRawBufferPointer,
    to output: inout [UInt8]
  ) -> Bool {
    // Taken out and put back, so that what it holds is changed in place rather than copied.
    switch mode {
    case .raw:
      appendRaw(header, body, &output)
      return true
    case .rate(var summary):
      mode = .raw
      defer { mode = .rate(summary) }
      summary.note(header, body: body, to: &output)
      return true
    case .lines(var formatter):
      mode = .raw
      defer { mode = .lines(formatter) }
      return append(header, body, by: &formatter, &output)
    }
  }

  /// Takes in a record that is not to be shown. As bytes, META records are there all the same: the rest refers to what they
  /// tell.
  ///
  /// - Parameter body: the record's body.
  public mutating func skip(
    _ header: RecordHeader,
    body: UnsafeRawBufferPointer,
    to output: inout [UInt8]
  ) {
    switch mode {
    case .raw:
      if header.type == .meta { appendRaw(header, body, &output) }
    case .rate: break
    case .lines(var formatter):
      mode = .raw
      if !notesOpen(header, body) { appendSummary(by: &formatter, to: &output) }
      formatter.skip(header, body: body)
      mode = .lines(formatter)
    }
  }

  private mutating func append(
    _ header: RecordHeader,
    _ body: UnsafeRawBufferPointer,
    by formatter: inout LineFormatter,
    _ output: inout [UInt8]
  ) -> Bool {
    if notesOpen(header, body) {
      formatter.skip(header, body: body)
      return false
    }
    appendSummary(by: &formatter, to: &output)
    formatter.append(header, body: body, to: &output)
    return true
  }

  /// Counts an open connection that a summary stands for; returns whether it is one.
  private mutating func notesOpen(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) -> Bool {
    guard summarises, header.type == .meta, header.sequence == 0,
      case .openConnection? = try? MetaBody(body.bytes)
    else { return false }
    let count = open.last?.source == header.source ? open.removeLast().count : 0
    open.append((header.source, count + 1, header.time))
    return true
  }

  private mutating func appendRaw(
    _ header: RecordHeader,
    _ body: UnsafeRawBufferPointer,
    _ output: inout [UInt8]
  ) {
    if !hasPreamble {
      hasPreamble = true
      output += StreamPreamble.bytes(createdAt: header.time)
    }
    withUnsafeTemporaryAllocation(byteCount: RecordHeader.size, alignment: 8) { space in
      header.write(to: space.baseAddress!)
      output.append(contentsOf: space)
    }
    output.append(contentsOf: body)
  }

  /// Whether open connections were told that no line stands for yet: more may be on their way.
  public var hasSummary: Bool { !open.isEmpty }

  /// How long after a record at most a line about it is written, in seconds; nil where that is at once.
  public var interval: Double? {
    guard case .rate(let summary) = mode else { return nil }
    return Double(summary.interval) / 1e9
  }

  /// Appends what is known by `time`, in ns since the Unix epoch, of intervals that have passed.
  public mutating func finish(before time: UInt64 = .max, to output: inout [UInt8]) {
    guard case .rate(var summary) = mode else { return }
    mode = .raw
    summary.finish(before: time, to: &output)
    mode = .rate(summary)
  }

  /// Appends a line for each source whose open connections were told, where no line stands for them yet.
  public mutating func appendSummary(to output: inout [UInt8]) {
    guard hasSummary, case .lines(var formatter) = mode else { return }
    mode = .raw
    appendSummary(by: &formatter, to: &output)
    mode = .lines(formatter)
  }

  private mutating func appendSummary(by formatter: inout LineFormatter, to output: inout [UInt8]) {
    guard hasSummary, case .text(var text) = formatter else { return }
    for entry in open {
      text.append(openConnections: entry.count, of: entry.source, at: entry.time, to: &output)
    }
    formatter = .text(text)
    open.removeAll()
  }

  /// Seconds that a live stream's reader waits for more connections before it writes the line.
  public static let summaryDelay = 0.1
}
