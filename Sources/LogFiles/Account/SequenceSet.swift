/// A set of sequence numbers, kept as ordered ranges that neither overlap nor touch.
///
/// Memory grows with the holes, not with the numbers. Adding the number after the largest takes constant
/// time, any other takes time linear in the number of ranges.
public struct SequenceSet: Equatable, Sendable {
  /// The ranges, in order.
  public private(set) var ranges: [ClosedRange<UInt64>] = []

  /// Creates an empty set.
  public init() {}

  /// Adds a range that begins at least two after the largest number of the set.
  public mutating func append(_ range: ClosedRange<UInt64>) { ranges.append(range) }

  /// Adds a number.
  ///
  /// - Returns: the first number of the range that it is in now; nil if the set had it already.
  @discardableResult
  public mutating func insert(_ sequence: UInt64) -> UInt64? {
    guard let last = ranges.last else {
      ranges.append(sequence...sequence)
      return sequence
    }
    // Nearly always it extends the last range.
    if last.upperBound < sequence, last.upperBound + 1 == sequence {
      ranges[ranges.count - 1] = last.lowerBound...sequence
      return last.lowerBound
    }
    let index = last.lowerBound <= sequence ? ranges.count : place(of: sequence + 1)
    if index > 0, ranges[index - 1].contains(sequence) { return nil }
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
    return joinsFormer ? ranges[index - 1].lowerBound : sequence
  }

  /// The ranges that begin at `first` or later.
  public func ranges(from first: UInt64) -> ArraySlice<ClosedRange<UInt64>> { ranges[place(of: first)...] }

  /// Calls `body` with each range within `whole` that the set lacks, in order.
  public func forEachHole(in whole: ClosedRange<UInt64>, _ body: (ClosedRange<UInt64>) -> Void) {
    var next = whole.lowerBound
    for range in ranges where range.upperBound >= next {
      guard range.lowerBound <= whole.upperBound else { break }
      if range.lowerBound > next { body(next...range.lowerBound - 1) }
      guard range.upperBound < whole.upperBound else { return }
      next = range.upperBound + 1
    }
    body(next...whole.upperBound)
  }

  /// The index of the first range that begins at `first` or later.
  private func place(of first: UInt64) -> Int {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].lowerBound < first { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
