import Bytes
import LogProtocol
import Observations

/// The account of one source instance's sequence numbers: those in the archive, and the reasons for those
/// missing.
///
/// Records show that the numbers from `start + 1` to `reached` exist. Those not in the archive are missing.
public struct SourceSequences: Sendable {
  /// The id that the source had last.
  public internal(set) var id: UInt32

  /// The source's instance; nil before a record has named it.
  public internal(set) var instance: UInt64?

  /// The source's description; nil if there is no *source joined*.
  public internal(set) var description: SourceDescription?

  /// The last sequence number in earlier segments, which were not read.
  public private(set) var start: UInt64 = 0

  /// The last sequence number that a record shows to exist.
  public private(set) var reached: UInt64 = 0

  /// The sequence numbers after `start` that are in the archive.
  public private(set) var present = SequenceSet()

  /// Records with a new sequence number.
  public private(set) var recordCount: UInt64 = 0

  /// Bytes of these records.
  public private(set) var byteCount: UInt64 = 0

  /// Records with a sequence number that was there already.
  public private(set) var duplicateCount: UInt64 = 0

  /// Records with a new sequence number, after one with a higher number.
  public private(set) var lateCount: UInt64 = 0

  /// Sequence numbers that a record skipped, with that record, in order.
  private var skips: [(sequences: ClosedRange<UInt64>, evidence: MissingRange.Evidence, place: LogPlace)] = []

  /// The gap records, in the order of the archive.
  private var gaps: [(sequences: ClosedRange<UInt64>, cause: Gap.Cause, place: LogPlace)] = []

  /// The last sequence number in a *source left* without goodbye, and the place of that record.
  private var left: (last: UInt64, place: LogPlace)?

  init(id: UInt32, instance: UInt64?) {
    self.id = id
    self.instance = instance
  }

  /// Accounts for a numbered record.
  mutating func note(_ sequence: UInt64, byteCount count: Int, at place: LogPlace) -> ArchiveSequences.Verdict
  {
    guard sequence > start else {
      duplicateCount += 1
      return .duplicate
    }
    let latest = present.ranges.last?.upperBound ?? 0
    guard present.insert(sequence) != nil else {
      duplicateCount += 1
      return .duplicate
    }
    reach(sequence, skippingTo: sequence, .record, place)
    recordCount += 1
    byteCount += UInt64(count)
    guard sequence < latest else { return .new }
    lateCount += 1
    return .late(after: latest)
  }

  /// Accounts for a gap record.
  mutating func note(_ gap: Gap, at place: LogPlace) {
    // Sequence numbers start at 1.
    guard gap.sequences.upperBound > 0 else { return }
    let sequences = max(1, gap.sequences.lowerBound)...gap.sequences.upperBound
    gaps.append((sequences, gap.cause, place))
    reach(sequences.upperBound, skippingTo: sequences.lowerBound, .gap, place)
  }

  /// Accounts for all numbers up to `sequence` as being in earlier segments, which are not read.
  mutating func begin(after sequence: UInt64) {
    start = max(start, sequence)
    reached = max(reached, start)
  }

  /// Handles a rotation mark: it claims that all numbers up to `sequence` were archived before.
  mutating func claim(upTo sequence: UInt64, at place: LogPlace) {
    reach(sequence, skippingTo: nil, .rotation, place)
  }

  /// Handles *source left*: it claims that the log server had all numbers up to `sequence`.
  mutating func leave(after sequence: UInt64, saidGoodbye: Bool, at place: LogPlace) {
    reach(sequence, skippingTo: nil, .left, place)
    if !saidGoodbye, sequence > left?.last ?? 0 { left = (sequence, place) }
  }

  /// Extends the numbers known to exist up to `sequence`.
  ///
  /// - Parameter next: the first number that is accounted for by the record itself; nil if none is.
  private mutating func reach(
    _ sequence: UInt64,
    skippingTo next: UInt64?,
    _ evidence: MissingRange.Evidence,
    _ place: LogPlace
  ) {
    guard sequence > reached else { return }
    let end = next.map { $0 - 1 } ?? sequence
    if end > reached { skips.append((reached + 1...end, evidence, place)) }
    reached = sequence
  }

  /// The numbers that exist and are not in the archive, in order; adjacent ranges differ in cause or place.
  ///
  /// Takes O(n log n) time for n holes and gap records.
  public var missing: [MissingRange] {
    guard reached > start else { return [] }
    var pieces = MissingPieces(gaps.map(\.sequences))
    let first = present.ranges.first?.lowerBound
    var found: [MissingRange] = []
    present.forEachHole(in: start + 1...reached) { hole in
      pieces.split(hole) { sequences, index in
        guard let index else { return found += unexplained(sequences) }
        let gap = gaps[index]
        let isBefore = gap.cause == .beforeArchive && start == 0 && sequences.upperBound < first ?? .max
        found.append(
          MissingRange(
            sequences: sequences,
            cause: .gap(gap.cause),
            isBeforeArchive: isBefore,
            evidence: .gap,
            place: gap.place
          )
        )
      }
    }
    return found
  }

  /// The parts of a range that no gap record names, split by the records that show them.
  private func unexplained(_ range: ClosedRange<UInt64>) -> [MissingRange] {
    var found: [MissingRange] = []
    var rest = range
    if let left, rest.lowerBound <= left.last {
      let end = min(rest.upperBound, left.last)
      found.append(
        MissingRange(
          sequences: rest.lowerBound...end,
          cause: .left,
          isBeforeArchive: false,
          evidence: .left,
          place: left.place
        )
      )
      guard end < rest.upperBound else { return found }
      rest = end + 1...rest.upperBound
    }
    var (low, high) = (0, skips.count)
    while low < high {
      let middle = (low + high) / 2
      if skips[middle].sequences.upperBound < rest.lowerBound { low = middle + 1 } else { high = middle }
    }
    for skip in skips[low...] where skip.sequences.lowerBound <= rest.upperBound {
      let sequences = rest.clamped(to: skip.sequences)
      found.append(
        MissingRange(
          sequences: sequences,
          cause: .unexplained,
          isBeforeArchive: false,
          evidence: skip.evidence,
          place: skip.place
        )
      )
      if sequences.upperBound == rest.upperBound { break }
    }
    return found
  }
}

/// Splits ranges along other ranges, which may overlap: each part goes to the first range that covers it.
private struct MissingPieces {
  /// Indices of the ranges, by lower bound.
  private let order: [Int]
  private let ranges: [ClosedRange<UInt64>]
  private var next = 0
  /// Indices of the ranges that begin before the current position: a binary heap, smallest index first. Some
  /// may have ended already.
  private var open: [Int] = []

  init(_ ranges: [ClosedRange<UInt64>]) {
    self.ranges = ranges
    order = ranges.indices.sorted { (ranges[$0].lowerBound, $0) < (ranges[$1].lowerBound, $1) }
  }

  /// Calls `body` with each part of `whole`, which must lie after all ranges split before.
  mutating func split(_ whole: ClosedRange<UInt64>, _ body: (ClosedRange<UInt64>, Int?) -> Void) {
    var (first, last, owner) = (whole.lowerBound, whole.lowerBound, Int?.none)
    var isBegun = false
    while true {
      let place = isBegun ? last + 1 : last
      while next < order.count, ranges[order[next]].lowerBound <= place {
        push(order[next])
        next += 1
      }
      while let top = open.first, ranges[top].upperBound < place { pop() }
      let top = open.first
      if isBegun, top != owner {
        body(first...last, owner)
        first = place
      }
      owner = top
      isBegun = true
      last = min(whole.upperBound, top.map { ranges[$0].upperBound } ?? .max)
      if next < order.count { last = min(last, ranges[order[next]].lowerBound - 1) }
      if last == whole.upperBound { return body(first...last, owner) }
    }
  }

  private mutating func push(_ index: Int) {
    open.append(index)
    var child = open.count - 1
    while child > 0, open[child] < open[(child - 1) / 2] {
      open.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func pop() {
    open[0] = open[open.count - 1]
    open.removeLast()
    var parent = 0
    while true {
      let left = 2 * parent + 1
      guard left < open.count else { return }
      let child = left + 1 < open.count && open[left + 1] < open[left] ? left + 1 : left
      guard open[child] < open[parent] else { return }
      open.swapAt(parent, child)
      parent = child
    }
  }
}
