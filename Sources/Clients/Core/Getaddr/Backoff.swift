/// When a node that could not be reached is tried again: ever later, at random, so that not all are tried at once.
struct Backoff {
  /// The most failures in a row that make it later.
  static let maximumFailures = 14

  /// Seconds that double with each failure.
  static let base = 5.0

  /// Failures in a row, at most `maximumFailures`.
  private(set) var failures = 0

  /// It was tried, and until it stands that counts as a failure.
  mutating func begin() { failures = min(Self.maximumFailures, failures + 1) }

  /// It has stood for a while: one failure fewer, so that one that comes and goes is not tried ever sooner.
  mutating func stand() { failures = max(0, failures - 1) }

  /// Seconds until the next attempt: 5 × (2^n - 1), n drawn from 0 to the failures.
  func delay(_ random: inout some RandomNumberGenerator) -> Double {
    Self.base * Double(1 << Int.random(in: 0...failures, using: &random) - 1)
  }
}
