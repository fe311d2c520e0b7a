import Glibc

/// The system's clocks, read at the call.
public enum Clock {
  /// Wall-clock time in ns since the Unix epoch.
  public static func now() -> UInt64 { read(CLOCK_REALTIME) }

  /// Time in ns since an unspecified start, that never steps: for durations.
  public static func monotonic() -> UInt64 { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
