import EventLoop

/// A moment until which something is waited for.
public struct Deadline {
  private let end: UInt64

  /// The moment this many seconds from now, at most a year.
  public init(seconds: Double) { end = Clock.monotonic() + UInt64(min(max(0, seconds), 31_536_000) * 1e9) }

  /// Seconds until then; 0 once it is past.
  public var remaining: Double {
    let now = Clock.monotonic()
    return now < end ? Double(end - now) / 1e9 : 0
  }
}
