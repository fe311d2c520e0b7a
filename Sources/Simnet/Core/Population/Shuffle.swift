/// A pseudorandom permutation, computed by a rule instead of stored: a Feistel network of four rounds over
/// the next even number of bits, repeated until the result is below the count.
struct Shuffle {
  private let count: Int
  private let halfBits: Int
  private let keys: [UInt64]

  /// Creates a permutation of `0..<count`; `count` must be above 0.
  init(count: Int, seed: UInt64) {
    self.count = count
    let bits = Int.bitWidth - (count - 1).leadingZeroBitCount
    halfBits = max(1, (bits + 1) / 2)
    var random = RandomSource(seed: seed, purpose: "shuffle")
    keys = (0..<4).map { _ in random.next() }
  }

  /// The number at a place.
  subscript(place: Int) -> Int {
    var value = place
    repeat { value = mixed(value) } while value >= count
    return value
  }

  private func mixed(_ value: Int) -> Int {
    let mask = (UInt64(1) << halfBits) - 1
    var (left, right) = (UInt64(value) >> halfBits, UInt64(value) & mask)
    for key in keys { (left, right) = (right, left ^ RandomSource.mixed(right ^ key) & mask) }
    return Int(left << halfBits | right)
  }
}
