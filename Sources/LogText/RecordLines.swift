import Bytes
import LogConsumer
import LogProtocol
import Observations

/// Writes the selected records: as lines, as their bytes, or summarised.
///
/// A live stream begins with a record for each open connection, so that later records refer only to known
/// ones. People get one line for all connections of a source, as there can be thousands.
public struct RecordLines {
  private var mode: RecordMode
  private let summarises: Bool
  private var hasPreamble = false

  /// Open connections reported but not written yet, by source, in order, with the time of the last one.
  private var open: [(source: UInt32, count: Int, time: UInt64)] = []

  /// Creates the writer for records that criteria have selected.
  ///
  /// - Parameter isLive: whether they come from a log server. Then the open connections that it reports are
  ///   summarised, unless lines are for programs or META records are asked for by name.
  public init(_ filter: RecordCriteria, _ mode: RecordMode, isLive: Bool) {
    self.mode = mode
    if case .lines(.text) = mode {
      summarises = isLive && filter.showsMeta && !filter.asksForMeta
    } else {
      summarises = false
    }
  }

  /// Creates the writer with a mode that writes lines.
  public init(_ filter: RecordCriteria, _ formatter: LineFormatter, isLive: Bool) {
    self.init(filter, .lines(formatter), isLive: isLive)
  }

  /// Appends a record, with a line feed if it makes a line; returns whether it counts as shown.
  public mutating func append(_ record: StreamRecord, to output: inout [UInt8]) -> Bool {
    // Taken out and put back, so that the mode's content is changed in place rather than copied.
    switch mode {
    case .raw:
      appendRaw(record, &output)
      return true
    case .rate(var summary):
      mode = .raw
      defer { mode = .rate(summary) }
      summary.note(record, to: &output)
      return true
    case .lines(var formatter):
      mode = .raw
      defer { mode = .lines(formatter) }
      return append(record, by: &formatter, &output)
    }
  }

  /// Handles a record that is not selected. Raw output includes META records all the same, as other records
  /// refer to them.
  public mutating func skip(_ record: StreamRecord, to output: inout [UInt8]) {
    switch mode {
    case .raw:
      if record.header.type == .meta { appendRaw(record, &output) }
    case .rate: break
    case .lines(var formatter):
      mode = .raw
      if !notesOpen(record) { appendSummary(by: &formatter, to: &output) }
      formatter.skip(record)
      mode = .lines(formatter)
    }
  }

  private mutating func append(
    _ record: StreamRecord,
    by formatter: inout LineFormatter,
    _ output: inout [UInt8]
  ) -> Bool {
    if notesOpen(record) {
      formatter.skip(record)
      return false
    }
    appendSummary(by: &formatter, to: &output)
    formatter.append(record, to: &output)
    return true
  }

  /// Counts an open connection for the summary; returns whether the record is one.
  private mutating func notesOpen(_ record: StreamRecord) -> Bool {
    let header = record.header
    guard summarises, header.sequence == 0, case .meta(.openConnection) = record.content else { return false }
    let count = open.last?.source == header.source ? open.removeLast().count : 0
    open.append((header.source, count + 1, header.time))
    return true
  }

  private mutating func appendRaw(
    _ record: StreamRecord,
    _ output: inout [UInt8]
  ) {
    if !hasPreamble {
      hasPreamble = true
      output += StreamPreamble.bytes(createdAt: record.header.time)
    }
    withUnsafeTemporaryAllocation(byteCount: RecordHeader.size, alignment: 8) { space in
      record.header.write(to: space.baseAddress!)
      output.append(contentsOf: space)
    }
    output.append(contentsOf: record.body)
  }

  /// Whether open connections await their summary line: more may arrive.
  public var hasSummary: Bool { !open.isEmpty }

  /// Seconds after a record until its line is written at the latest; nil if it is written at once.
  public var interval: Double? {
    guard case .rate(let summary) = mode else { return nil }
    return Double(summary.interval) / 1e9
  }

  /// Appends the lines of intervals that have ended by `time`, in ns since the Unix epoch.
  public mutating func finish(before time: UInt64 = .max, to output: inout [UInt8]) {
    guard case .rate(var summary) = mode else { return }
    mode = .raw
    summary.finish(before: time, to: &output)
    mode = .rate(summary)
  }

  /// Appends a summary line for each source with open connections that await it.
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

  /// Seconds that the reader of a live stream waits for more connections before it writes the line.
  public static let summaryDelay = 0.1
}
