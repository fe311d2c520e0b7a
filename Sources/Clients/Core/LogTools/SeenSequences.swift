import Bytes
import LogFiles
import LogProtocol

/// Which records of each source instance were there, however they are interleaved.
///
/// Memory grows with the holes in the sequences, not with the records.
struct SeenSequences {
  /// Which instance an id stands for.
  private var instances: [UInt32: UInt64] = [:]
  /// The sequences seen of an instance, as ranges that do not touch, in order.
  private var seen: [UInt64: [ClosedRange<UInt64>]] = [:]
  /// The first sequence of the first range of an instance that has changed since changes were taken.
  private var changed: [UInt64: UInt64] = [:]

  /// Takes in that a range was seen, after all that were taken in before.
  mutating func restore(_ range: ClosedRange<UInt64>, of instance: UInt64) {
    seen[instance, default: []].append(range)
  }

  /// Takes in which instance an id stands for.
  mutating func restore(_ instance: UInt64, as source: UInt32) { instances[source] = instance }

  /// Takes in what a record tells of instances.
  mutating func learn(_ record: LogRecord) {
    guard record.header.type == .meta,
      case .sourceJoined(let source, let description)? = try? MetaBody(record.body.bytes)
    else { return }
    instances[source] = description.instance
  }

  /// Takes in a record; false where it was there already. One that is not numbered never was.
  mutating func isNew(_ record: LogRecord) -> Bool {
    let header = record.header
    learn(record)
    guard header.sequence > 0 else { return true }
    return insert(header.sequence, instances[header.source] ?? UInt64(header.source))
  }

  /// Calls `body` with each instance whose ranges have changed since the last time: those that begin at `first` or
  /// later are now those given.
  mutating func takeChanges(
    _ body: (_ instance: UInt64, _ first: UInt64, ArraySlice<ClosedRange<UInt64>>) throws(ClientFailure) ->
      Void
  ) throws(ClientFailure) {
    for (instance, first) in changed {
      let ranges = seen[instance] ?? []
      try body(instance, first, ranges[Self.place(of: first, in: ranges)...])
    }
    changed = [:]
  }

  private mutating func insert(_ sequence: UInt64, _ instance: UInt64) -> Bool {
    var ranges = seen.removeValue(forKey: instance) ?? []
    defer { seen[instance] = ranges }
    // Nearly always it follows the last range.
    let isLast = ranges.last.map { $0.lowerBound <= sequence } ?? true
    let index = isLast ? ranges.count : Self.place(of: sequence + 1, in: ranges)
    if index > 0, ranges[index - 1].contains(sequence) { return false }
    let joinsFormer = index > 0 && ranges[index - 1].upperBound + 1 == sequence
    let joinsNext = index < ranges.count && ranges[index].lowerBound == sequence + 1
    switch (joinsFormer, joinsNext) {
    case (true, true):
      ranges[index - 1] = ranges[index - 1].lowerBound...ranges[index].upperBound
      ranges.remove(at: index)
    case (true, false): ranges[index - 1] = ranges[index - 1].lowerBound...sequence
    case (false, true): ranges[index] = sequence...ranges[index].upperBound
    case (false, false): ranges.insert(sequence...sequence, at: index)
    }
    let first = joinsFormer ? ranges[index - 1].lowerBound : sequence
    changed[instance] = min(changed[instance] ?? first, first)
    return true
  }

  /// The place of the first range that begins at `first` or later.
  private static func place(of first: UInt64, in ranges: [ClosedRange<UInt64>]) -> Int {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].lowerBound < first { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
