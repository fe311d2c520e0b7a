/// Connection ids in the order of their arrival; consecutive ones form a range.
struct IDRanges: CustomStringConvertible {
  private var ranges: [ClosedRange<UInt32>] = []

  /// The number of ranges.
  var count: Int { ranges.count }

  /// Creates an empty list.
  init() {}

  /// Creates a list of ids.
  init(_ ids: [UInt32]) { for id in ids { append(id) } }

  /// Appends an id.
  mutating func append(_ id: UInt32) {
    if let last = ranges.last, last.upperBound < id, last.upperBound + 1 == id {
      ranges[ranges.count - 1] = last.lowerBound...id
    } else {
      ranges.append(id...id)
    }
  }

  /// The ranges separated by spaces, as in "7 12-40".
  var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
      separator: " "
    )
  }
}
