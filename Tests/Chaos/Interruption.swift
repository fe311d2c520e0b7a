import EventLoop
import Foundation
import Glibc

/// The scenario was interrupted by SIGINT or SIGTERM.
struct Interruption: Error, CustomStringConvertible {
  var description: String { "interrupted" }

  nonisolated(unsafe) private static var isWanted: sig_atomic_t = 0

  /// Records the two signals instead of dying, so that the scenario can end the programs it started.
  static func arrange() {
    // The parent process may have blocked them, and the mask is inherited.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in Interruption.isWanted = 1 }
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Throws if a signal has come.
  static func check() throws { if isWanted != 0 { throw Interruption() } }
}

/// Waits for `seconds`. Throws if a signal comes.
func pause(_ seconds: Double) throws {
  let end = Clock.monotonic() + UInt64(max(0, seconds) * 1e9)
  while true {
    try Interruption.check()
    let now = Clock.monotonic()
    guard now < end else { return }
    usleep(UInt32(min(end - now, 20_000_000) / 1000))
  }
}

/// Prints the progress of a scenario on stderr.
func progress(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
