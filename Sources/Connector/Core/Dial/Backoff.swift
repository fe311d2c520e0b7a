/// How long to wait before something that failed is tried again: twice as long each time, and never all at once.
struct Backoff {
  /// Seconds after the first failure; at least as long after any other.
  let first: Double

  /// Seconds at most.
  let most: Double

  /// Seconds after so many failures in a row, by chance half as many to one and a half times as many.
  ///
  /// - Parameter chance: 0 ..< 1.
  func seconds(failures: Int, chance: Double = .random(in: 0..<1)) -> Double {
    var seconds = first
    for _ in 0..<min(max(0, failures - 1), 64) where seconds < most { seconds *= 2 }
    return min(seconds, max(first, most)) * (0.5 + chance)
  }
}
