import Bytes
import CLibEV
import Glibc

/// Fires at a time on the monotonic clock, to within about ten microseconds. `TimerWatcher` has milliseconds
/// only. Each timer uses one descriptor.
public final class PreciseTimer {
  private let descriptor: Int32
  private var watcher: DescriptorWatcher?

  /// Creates a stopped timer.
  public init(on loop: EventLoop, handle: @escaping () -> Void) throws(IOError) {
    descriptor = netmine_timer_create()
    guard descriptor >= 0 else { throw IOError("make a timer") }
    watcher = DescriptorWatcher(descriptor, on: loop) { [descriptor] _ in
      var count: UInt64 = 0
      // If the timer was restarted after it fired, there is nothing to read, and it is not due.
      if read(descriptor, &count, MemoryLayout<UInt64>.size) > 0 { handle() }
    }
  }

  deinit {
    watcher?.cancel()
    close(descriptor)
  }

  /// Fires once at `time`, or at once if it has passed. Replaces an earlier start.
  ///
  /// - Parameter time: time in ns of `Clock.monotonic()`.
  public func start(at time: UInt64) {
    _ = netmine_timer_set(descriptor, max(time, 1))
    watcher?.watch(for: .readable)
  }

  /// Stops the timer.
  public func cancel() {
    _ = netmine_timer_set(descriptor, 0)
    watcher?.watch(for: [])
  }
}
