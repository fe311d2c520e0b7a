import EventLoop

/// A point in time until which to wait.
public struct Deadline {
  private let end: UInt64

  /// A deadline N seconds from now, at most a year.
  public init(seconds: Double) { end = Clock.monotonic() + UInt64(min(max(0, seconds), 31_536_000) * 1e9) }

  /// Seconds until the deadline; 0 if it has passed.
  public var remaining: Double {
    let now = Clock.monotonic()
    return now < end ? Double(end - now) / 1e9 : 0
  }
}
