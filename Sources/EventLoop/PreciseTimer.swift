import Bytes
import CLibEV
import Glibc

/// Reports when a time on the monotonic clock has come, to within some ten microseconds: for what the milliseconds of
/// `TimerWatcher` are too coarse for. It takes a descriptor.
public final class PreciseTimer {
  private let descriptor: Int32
  private var watcher: DescriptorWatcher?

  /// Creates a timer that is not running.
  public init(on loop: EventLoop, handle: @escaping () -> Void) throws(IOError) {
    descriptor = netmine_timer_create()
    guard descriptor >= 0 else { throw IOError("make a timer") }
    watcher = DescriptorWatcher(descriptor, on: loop) { [descriptor] _ in
      var count: UInt64 = 0
      // Started again since it came due, it is not due.
      if read(descriptor, &count, MemoryLayout<UInt64>.size) > 0 { handle() }
    }
  }

  deinit {
    watcher?.cancel()
    close(descriptor)
  }

  /// Reports once when the time has come, at once where it has passed; forgets an earlier start.
  ///
  /// - Parameter time: as `Clock.monotonic()` has it, in ns.
  public func start(at time: UInt64) {
    _ = netmine_timer_set(descriptor, max(time, 1))
    watcher?.watch(for: .readable)
  }

  /// Ends all reports.
  public func cancel() {
    _ = netmine_timer_set(descriptor, 0)
    watcher?.watch(for: [])
  }
}
