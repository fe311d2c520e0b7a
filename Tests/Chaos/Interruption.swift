import EventLoop
import Foundation
import Glibc

/// Somebody wants the scenario to end: SIGINT or SIGTERM came.
struct Interruption: Error, CustomStringConvertible {
  var description: String { "interrupted" }

  nonisolated(unsafe) private static var isWanted: sig_atomic_t = 0

  /// Has the two signals noted instead of ending the process, so that what was started is ended too.
  static func arrange() {
    // Whoever started this may have had them blocked, and so they still are.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in Interruption.isWanted = 1 }
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Throws where one came.
  static func check() throws { if isWanted != 0 { throw Interruption() } }
}

/// Waits so many seconds.
func pause(_ seconds: Double) throws {
  let end = Clock.monotonic() + UInt64(max(0, seconds) * 1e9)
  while true {
    try Interruption.check()
    let now = Clock.monotonic()
    guard now < end else { return }
    usleep(UInt32(min(end - now, 20_000_000) / 1000))
  }
}

/// Says how far a scenario is, on stderr.
func progress(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
