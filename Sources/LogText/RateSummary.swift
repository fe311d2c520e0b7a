import BitcoinWire
import Bytes
import JSON
import LogProtocol
import Observations

/// Summarises records in one line for each interval of their time. That stays readable at any rate.
public struct RateSummary {
  private struct Sums {
    var records: UInt64 = 0
    var bytes: UInt64 = 0
    var received = Traffic()
    var sent = Traffic()
    var commands: [Command: UInt64] = [:]
    var otherCommands: UInt64 = 0
    var lost: UInt64 = 0
  }

  private struct Traffic {
    var count: UInt64 = 0
    var bytes: UInt64 = 0
  }

  /// The length of an interval, in ns.
  public let interval: UInt64

  private let isJSON: Bool
  private var times: TimeText
  private var sums = Sums()

  /// Start of the current interval, in ns since the Unix epoch; nil before its first record.
  private var start: UInt64?

  /// Most commands counted separately in an interval: peers can make up any number.
  private static let commandLimit = 1000
  /// Most commands named in a line.
  private static let lineLimit = 8

  /// Creates a summary.
  ///
  /// - Parameters:
  ///   - interval: its length in ns, at least 1.
  ///   - isJSON: whether lines are JSON objects.
  ///   - isLocal: whether times are local; otherwise they are UTC.
  public init(interval: UInt64, isJSON: Bool, isLocal: Bool = false) {
    self.interval = max(interval, 1)
    self.isJSON = isJSON
    times = TimeText(isLocal: isLocal)
  }

  /// Counts a record. If it belongs to a later interval, appends the line of the current one first.
  ///
  /// A record of an earlier interval counts with the current one; between connections times may run
  /// backwards.
  public mutating func note(_ record: StreamRecord, to output: inout [UInt8]) {
    let header = record.header
    let begin = header.time / interval * interval
    if let start, begin > start { finish(to: &output) }
    if start == nil { start = begin }
    sums.records += 1
    sums.bytes += UInt64(header.recordCount)
    switch record.content {
    case .message(let message): note(message, header)
    case .meta(.gap(let gap)): sums.lost.saturate(adding: gap.count)
    default: break
    }
  }

  /// Appends the line of the current interval if it has ended by `time`.
  public mutating func finish(before time: UInt64 = .max, to output: inout [UInt8]) {
    guard let start, time / interval * interval > start else { return }
    let commands = sums.commands.sorted { ($1.value, $0.key.description) < ($0.value, $1.key.description) }
    output += isJSON ? json(start, commands) : Array(text(start, commands).utf8)
    output.append(UInt8(ascii: "\n"))
    self.start = nil
    sums = Sums()
  }

  private mutating func note(_ message: MessageHeader?, _ header: RecordHeader) {
    let bytes = UInt64(header.bodyCount)
    if header.flags.contains(.sent) {
      sums.sent.count += 1
      sums.sent.bytes += bytes
    } else {
      sums.received.count += 1
      sums.received.bytes += bytes
    }
    guard let message else { return sums.otherCommands += 1 }
    if sums.commands.count < Self.commandLimit || sums.commands[message.command] != nil {
      sums.commands[message.command, default: 0] += 1
    } else {
      sums.otherCommands += 1
    }
  }

  private mutating func text(_ start: UInt64, _ commands: [(key: Command, value: UInt64)]) -> String {
    let seconds = Double(interval) / 1e9
    let rate = Figures.short(Double(sums.records) / seconds)
    let bytes = Figures.bytes(Double(sums.bytes) / seconds)
    var line = "\(times.text(start, digits: 3)) \(sums.records) records \(rate)/s \(bytes)/s"
    line += " in \(sums.received.count) (\(Figures.bytes(Double(sums.received.bytes))))"
    line += " out \(sums.sent.count) (\(Figures.bytes(Double(sums.sent.bytes))))"
    if sums.lost > 0 { line += " missing \(sums.lost.sumText)" }
    let named = commands.prefix(Self.lineLimit).map { " \($0.key) \($0.value)" }.joined()
    let other = commands.dropFirst(Self.lineLimit).reduce(sums.otherCommands) { $0 + $1.value }
    return line + (named.isEmpty ? "" : " |" + named) + (other > 0 ? " other \(other)" : "")
  }

  private mutating func json(_ start: UInt64, _ commands: [(key: Command, value: UInt64)]) -> [UInt8] {
    var json = JSONWriter()
    json.member("time_ns", start)
    json.member("time", times.text(start, digits: 9))
    json.member("interval_ns", interval)
    json.member("records", sums.records)
    json.member("bytes", sums.bytes)
    json.member("received", sums.received.count)
    json.member("received_bytes", sums.received.bytes)
    json.member("sent", sums.sent.count)
    json.member("sent_bytes", sums.sent.bytes)
    json.member("missing", sums.lost)
    json.objects("commands", commands.map { ($0.key, $0.value) }) { json, entry in
      json.member("command", "\(entry.0)")
      json.member("count", entry.1)
    }
    json.member("other_commands", sums.otherCommands)
    return json.finish()
  }
}
