/// Which sequences of one source instance an archive has, lacks, or explains to be lacking.
struct SequenceAccount {
  /// The first sequence found; 0 where none is.
  private(set) var first: UInt64 = 0
  /// The last sequence found.
  private(set) var last: UInt64 = 0
  /// Records found, each sequence counted once.
  private(set) var recordCount: UInt64 = 0
  /// Records whose sequence was there already.
  private(set) var duplicateCount: UInt64 = 0

  /// What nothing was found of, in order.
  private var holes: [ClosedRange<UInt64>] = []
  /// What gap records tell.
  private var gaps: [(range: ClosedRange<UInt64>, isBefore: Bool)] = []
  /// Up to where earlier segments, which are not looked at, have it.
  private var start: UInt64

  /// Begins after what earlier segments have.
  init(after start: UInt64 = 0) { self.start = start }

  /// Takes in a record; false where its sequence was there already.
  mutating func note(_ sequence: UInt64) -> Bool {
    let reached = max(last, start)
    if sequence > reached {
      if sequence > reached + 1 { holes.append(reached + 1...sequence - 1) }
      last = sequence
    } else if !fillHole(sequence) {
      duplicateCount += 1
      return false
    }
    if first == 0 || sequence < first { first = sequence }
    recordCount += 1
    return true
  }

  /// Takes in what a gap record tells.
  mutating func explain(_ range: ClosedRange<UInt64>, isBefore: Bool) { gaps.append((range, isBefore)) }

  /// How many sequences are missing: from before the archive, explained otherwise, and unexplained.
  func missing() -> (beforeArchive: UInt64, explained: UInt64, unexplained: UInt64) {
    var rest = holes
    // What gap records tell of after the last record found is missing as well.
    let end = gaps.map(\.range.upperBound).max() ?? 0
    let reached = max(last, start)
    if end > reached { rest.append(reached + 1...end) }
    let before = Self.take(gaps.filter(\.isBefore).map(\.range), from: &rest)
    let explained = Self.take(gaps.filter { !$0.isBefore }.map(\.range), from: &rest)
    // Between the last record and a gap told beyond it, nothing is known to exist.
    return (before, explained, Self.count(rest))
  }

  private mutating func fillHole(_ sequence: UInt64) -> Bool {
    guard let index = holes.lastIndex(where: { $0.contains(sequence) }) else { return false }
    let hole = holes[index]
    var parts: [ClosedRange<UInt64>] = []
    if sequence > hole.lowerBound { parts.append(hole.lowerBound...sequence - 1) }
    if sequence < hole.upperBound { parts.append(sequence + 1...hole.upperBound) }
    holes.replaceSubrange(index...index, with: parts)
    return true
  }

  /// Takes what `ranges` cover out of `holes`; returns how much that was.
  private static func take(_ ranges: [ClosedRange<UInt64>], from holes: inout [ClosedRange<UInt64>]) -> UInt64
  {
    let before = count(holes)
    let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
    var rest: [ClosedRange<UInt64>] = []
    var next = 0
    for hole in holes {
      while next < sorted.count, sorted[next].upperBound < hole.lowerBound { next += 1 }
      var low = hole.lowerBound
      var isCovered = false
      for range in sorted[next...] where range.upperBound >= low {
        if range.lowerBound > hole.upperBound { break }
        if range.lowerBound > low { rest.append(low...range.lowerBound - 1) }
        guard range.upperBound < hole.upperBound else {
          isCovered = true
          break
        }
        low = range.upperBound + 1
      }
      if !isCovered { rest.append(low...hole.upperBound) }
    }
    holes = rest
    return before - count(rest)
  }

  private static func count(_ ranges: [ClosedRange<UInt64>]) -> UInt64 {
    ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound + 1) }
  }
}
