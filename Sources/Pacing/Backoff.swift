/// How long to wait before another try: twice as long after each failure, up to a limit.
public struct Backoff: Hashable, Sendable {
  /// Seconds after the first failure; no wait is shorter.
  public let first: Double

  /// Most seconds; `first` if that is more.
  public let limit: Double

  /// Creates a back-off.
  public init(first: Double, limit: Double) {
    self.first = first
    self.limit = limit
  }

  /// Seconds to wait after this many failures in a row; none count as one.
  public func seconds(failures: Int) -> Double {
    var seconds = first
    for _ in 0..<min(max(0, failures - 1), 64) where seconds < limit { seconds *= 2 }
    return min(seconds, max(first, limit))
  }

  /// Seconds to wait, half to one and a half times `seconds(failures:)`, so that many do not try at once.
  public func seconds(failures: Int, using random: inout some RandomNumberGenerator) -> Double {
    seconds(failures: failures) * Double.random(in: 0.5..<1.5, using: &random)
  }
}
