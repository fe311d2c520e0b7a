/// An amount that may be spent at a rate, with at most some seconds' worth saved up.
struct Budget {
  private var left: Double
  private(set) var filledAt: UInt64

  /// Begins full.
  ///
  /// - Parameters:
  ///   - rate: how much a second.
  ///   - seconds: how many seconds' worth are saved up.
  ///   - now: the monotonic clock, in ns.
  init(rate: Double, seconds: Double = 1, now: UInt64) {
    left = max(1, rate * seconds)
    filledAt = now
  }

  /// Adds what has become available since.
  mutating func fill(rate: Double, seconds: Double = 1, now: UInt64) {
    left = min(max(1, rate * seconds), left + rate * Double(now - filledAt) / 1e9)
    filledAt = now
  }

  /// Whether something may be spent.
  var isLeft: Bool { left >= 1 }

  /// Spends, on credit where need be: how much something costs may show later.
  mutating func spend(_ amount: Double) { left -= amount }
}
