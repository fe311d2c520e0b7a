/// Limits how many connects begin a second.
///
/// Unused allowance is kept for a tenth of a second only, so that no burst follows a pause.
struct DialPace {
  private var saved = 1.0
  private var last: UInt64

  /// Starts with an allowance of one connect.
  ///
  /// - Parameter now: the monotonic clock, in ns.
  init(now: UInt64) { last = now }

  /// Whether a connect may begin now. Counts it if so.
  ///
  /// - Parameter rate: connects a second; 0 for no limit.
  mutating func take(rate: Double, now: UInt64) -> Bool {
    guard rate > 0 else { return true }
    saved = min(max(1, rate / 10), saved + Double(now - last) / 1e9 * rate)
    last = now
    guard saved >= 1 else { return false }
    saved -= 1
    return true
  }

  /// Seconds until the next connect may begin.
  func secondsUntilNext(rate: Double) -> Double { rate > 0 ? max(0, (1 - saved) / rate) : 0 }
}
