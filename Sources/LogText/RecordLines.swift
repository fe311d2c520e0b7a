import Bytes
import LogProtocol

/// Writes the records that are asked for as lines.
///
/// A live stream begins with a record for each open connection, so that nothing later refers to something that
/// was not told. People get one line for all of a source's: there can be thousands.
public struct RecordLines {
  private let filter: RecordFilter
  private var formatter: LineFormatter
  private let summarises: Bool

  /// Open connections told and not written yet, by source, in order, with the time of the last.
  private var open: [(source: UInt32, count: Int, time: UInt64)] = []

  /// Creates lines of the records that `filter` shows.
  ///
  /// - Parameter isLive: whether they come from a log server. Then the open connections that it tells are
  ///   summarised, unless lines are for programs or META records are asked for by name.
  public init(_ filter: RecordFilter, _ formatter: LineFormatter, isLive: Bool) {
    self.filter = filter
    self.formatter = formatter
    if case .text = formatter {
      summarises = isLive && filter.showsMeta && !filter.asksForMeta
    } else {
      summarises = false
    }
  }

  /// Appends a record's line, with its line feed, where it is shown; tells whether it is.
  ///
  /// - Parameter body: the record's body.
  public mutating func append(
    _ header: RecordHeader,
    body: UnsafeRawBufferPointer,
    to output: inout [UInt8]
  ) -> Bool {
    if summarises, header.type == .meta, header.sequence == 0,
      case .openConnection? = try? MetaBody(body.bytes)
    {
      formatter.skip(header, body: body)
      let count = open.last?.source == header.source ? open.removeLast().count : 0
      open.append((header.source, count + 1, header.time))
      return false
    }
    appendSummary(to: &output)
    guard filter.shows(header, body: body) else {
      formatter.skip(header, body: body)
      return false
    }
    formatter.append(header, body: body, to: &output)
    return true
  }

  /// Whether open connections were told that no line stands for yet: more may be on their way.
  public var hasSummary: Bool { !open.isEmpty }

  /// Appends a line for each source whose open connections were told, where no line stands for them yet.
  public mutating func appendSummary(to output: inout [UInt8]) {
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
