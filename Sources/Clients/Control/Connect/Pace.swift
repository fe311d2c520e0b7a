/// Limits a rate: how many actions may start so that there are at most N per second.
struct Pace {
  private let perSecond: Double?
  private var saved: Double
  private var last: UInt64

  /// Creates a pace that allows one action at once.
  ///
  /// - Parameters:
  ///   - perSecond: actions per second; nil for no limit.
  ///   - now: ns on a monotonic clock.
  init(perSecond: Double?, at now: UInt64) {
    self.perSecond = perSecond
    saved = 1
    last = now
  }

  /// The number of actions that may start now. Unused allowance is saved for at most a second.
  mutating func allowance(at now: UInt64) -> Int {
    guard let perSecond else { return .max }
    saved = min(max(1, perSecond), saved + Double(now - last) / 1e9 * perSecond)
    last = now
    return Int(saved)
  }

  /// Records that `count` actions have started.
  mutating func take(_ count: Int) { saved -= Double(count) }

  /// Seconds until another action may start.
  func secondsUntilNext(at now: UInt64) -> Double {
    guard let perSecond else { return 0 }
    return max(0, (1 - saved) / perSecond - Double(now - last) / 1e9) + 0.001
  }
}
