/// The delay before a failed attempt is repeated. It doubles with each failure in a row and has a random
/// spread, so that many failures at once are not repeated at once.
struct Backoff {
  /// Seconds after the first failure; the base of all longer delays.
  let first: Double

  /// The longest delay in seconds, before the random spread.
  let most: Double

  /// The delay in seconds after N failures in a row, spread at random from half to one and a half of it.
  ///
  /// - Parameter chance: position in the spread, 0 ..< 1.
  func seconds(failures: Int, chance: Double = .random(in: 0..<1)) -> Double {
    var seconds = first
    for _ in 0..<min(max(0, failures - 1), 64) where seconds < most { seconds *= 2 }
    return min(seconds, max(first, most)) * (0.5 + chance)
  }
}
