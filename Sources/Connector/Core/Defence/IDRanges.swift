/// Ids of connections in the order in which they came, those that follow each other as one range.
struct IDRanges: CustomStringConvertible {
  private var ranges: [ClosedRange<UInt32>] = []

  /// How many ranges there are.
  var count: Int { ranges.count }

  /// Begins with none.
  init() {}

  /// Takes ids over.
  init(_ ids: [UInt32]) { for id in ids { append(id) } }

  /// Adds an id.
  mutating func append(_ id: UInt32) {
    if let last = ranges.last, last.upperBound < id, last.upperBound + 1 == id {
      ranges[ranges.count - 1] = last.lowerBound...id
    } else {
      ranges.append(id...id)
    }
  }

  /// "7 12-40".
  var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
      separator: " "
    )
  }
}
