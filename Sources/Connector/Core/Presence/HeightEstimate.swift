/// The height of the block chain: the median of the heights in the `version` of outbound peers. A few peers
/// with false heights do not move it far.
struct HeightEstimate {
  /// Peers that count: the last N.
  static let capacity = 101

  /// Heights needed before there is a median.
  static let minimum = 5

  private var heights: [Int32] = []
  private var next = 0

  /// The median height; nil until enough peers have reported theirs.
  private(set) var median: Int32?

  /// Adds a peer's height. Heights of 0 or below are ignored.
  mutating func note(_ height: Int32) {
    guard height > 0 else { return }
    if heights.count < Self.capacity { heights.append(height) } else { heights[next] = height }
    next = (next + 1) % Self.capacity
    // With many heights, every eighth is enough.
    guard heights.count >= Self.minimum, heights.count < 20 || next % 8 == 0 else { return }
    median = heights.sorted()[heights.count / 2]
  }
}
