/// The height of the block chain, as the peers told that we dialled: the median of the last of them, which a few that
/// lie do not move far.
struct HeightEstimate {
  /// How many peers' word counts at the most.
  static let capacity = 101

  /// How many must have told theirs.
  static let minimum = 5

  private var heights: [Int32] = []
  private var next = 0

  /// The median; nil where too few have told theirs.
  private(set) var median: Int32?

  /// A peer has told its height. One of 0 or below is none.
  mutating func note(_ height: Int32) {
    guard height > 0 else { return }
    if heights.count < Self.capacity { heights.append(height) } else { heights[next] = height }
    next = (next + 1) % Self.capacity
    // With many to come it need not be found each time.
    guard heights.count >= Self.minimum, heights.count < 20 || next % 8 == 0 else { return }
    median = heights.sorted()[heights.count / 2]
  }
}
