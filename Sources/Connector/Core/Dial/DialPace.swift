/// How many connects may begin so that there are no more than so many a second.
///
/// What was not begun for a tenth of a second is forgone, so that a pause is not followed by a burst.
struct DialPace {
  private var saved = 1.0
  private var last: UInt64

  /// Begins with one.
  ///
  /// - Parameter now: the monotonic clock, in ns.
  init(now: UInt64) { last = now }

  /// Whether one may begin; counts it where it may.
  ///
  /// - Parameter rate: how many a second; 0 for any number.
  mutating func take(rate: Double, now: UInt64) -> Bool {
    guard rate > 0 else { return true }
    saved = min(max(1, rate / 10), saved + Double(now - last) / 1e9 * rate)
    last = now
    guard saved >= 1 else { return false }
    saved -= 1
    return true
  }

  /// Seconds until another one may begin.
  func secondsUntilNext(rate: Double) -> Double { rate > 0 ? max(0, (1 - saved) / rate) : 0 }
}
