/// A token bucket: an allowance that grows at a rate, with a bound on unused allowance.
struct Budget {
  private var left: Double
  private(set) var filledAt: UInt64

  /// Creates a full bucket.
  ///
  /// - Parameters:
  ///   - rate: allowance a second.
  ///   - seconds: seconds of the rate that the bucket holds; at least 1 is held.
  ///   - now: the monotonic clock, in ns.
  init(rate: Double, seconds: Double = 1, now: UInt64) {
    left = max(1, rate * seconds)
    filledAt = now
  }

  /// Adds the allowance since the last fill.
  mutating func fill(rate: Double, seconds: Double = 1, now: UInt64) {
    left = min(max(1, rate * seconds), left + rate * Double(now - filledAt) / 1e9)
    filledAt = now
  }

  /// Whether at least 1 may be spent.
  var isLeft: Bool { left >= 1 }

  /// Spends an amount. The allowance may become negative: a cost may be known only afterwards.
  mutating func spend(_ amount: Double) { left -= amount }
}
