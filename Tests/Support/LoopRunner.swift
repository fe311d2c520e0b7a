import Bytes
import EventLoop
import Glibc

extension EventLoop {
  /// Runs the loop until the condition holds.
  ///
  /// - Parameter timeout: most seconds to wait.
  /// - Throws: `IOError` with `ETIMEDOUT` after the time-out.
  public func run(timeout: Double = 10, until condition: () throws -> Bool) throws {
    let deadline = Clock.monotonic() + UInt64(timeout * 1e9)
    let tick = TimerWatcher(on: self) {}
    tick.start(after: 0.005, every: 0.005)
    while try !condition() {
      guard Clock.monotonic() < deadline else { throw IOError("wait in a test", code: ETIMEDOUT) }
      runOnce()
    }
  }

  /// Runs the loop for some seconds, to check that something does not happen.
  public func run(for seconds: Double) throws {
    let end = Clock.monotonic() + UInt64(seconds * 1e9)
    try run { Clock.monotonic() >= end }
  }
}
