/// How many things may be begun so that there are no more than so many a second.
struct Pace {
  private let perSecond: Double?
  private var saved: Double
  private var last: UInt64

  /// Begins with one.
  ///
  /// - Parameters:
  ///   - perSecond: how many a second; nil for any number.
  ///   - now: ns on a clock that never steps.
  init(perSecond: Double?, at now: UInt64) {
    self.perSecond = perSecond
    saved = 1
    last = now
  }

  /// How many may be begun now; what was not begun for a second is forgone.
  mutating func allowance(at now: UInt64) -> Int {
    guard let perSecond else { return .max }
    saved = min(max(1, perSecond), saved + Double(now - last) / 1e9 * perSecond)
    last = now
    return Int(saved)
  }

  /// So many are begun.
  mutating func take(_ count: Int) { saved -= Double(count) }

  /// Seconds until another one may be begun.
  func secondsUntilNext(at now: UInt64) -> Double {
    guard let perSecond else { return 0 }
    return max(0, (1 - saved) / perSecond - Double(now - last) / 1e9) + 0.001
  }
}
