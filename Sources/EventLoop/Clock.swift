import CLibEV
import Glibc

/// The system's clocks, read at each call.
public enum Clock {
  /// Wall-clock time in ns since the Unix epoch.
  public static func now() -> UInt64 { read(CLOCK_REALTIME) }

  /// Time in ns since an unspecified start. It never steps: use it for durations.
  public static func monotonic() -> UInt64 { read(CLOCK_MONOTONIC) }

  /// Difference in ns, modulo 2^64, to add to a monotonic time for the wall-clock time, as the clock is set
  /// now.
  public static func wallOffset() -> UInt64 { now() &- monotonic() }

  /// The kernel's knowledge of the wall clock (`ntp_adjtime`): the last estimate of its offset from true time
  /// and the largest possible error, both in ns, and whether a time service keeps it synchronised.
  public static func synchronisation() -> (offset: Int64, errorBound: UInt64, isSynchronised: Bool) {
    var offset: Int64 = 0
    var errorBound: UInt64 = 0
    var isSynchronised: Int32 = 0
    netmine_clock_state(&offset, &errorBound, &isSynchronised)
    return (offset, errorBound, isSynchronised != 0)
  }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
