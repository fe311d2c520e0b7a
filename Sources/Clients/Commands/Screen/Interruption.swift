import EventLoop
import Glibc

/// Listens for SIGINT (Ctrl-C), SIGTERM and SIGHUP, so that a command can stop cleanly.
public final class Interruption {
  /// Whether a signal has come.
  public private(set) var hasCome = false

  private var watchers: [SignalWatcher] = []

  /// Starts listening.
  ///
  /// - Parameter isHeard: false if signals to the process are not for this command.
  public init(on loop: EventLoop, isHeard: Bool) {
    guard isHeard else { return }
    watchers = [SIGINT, SIGTERM, SIGHUP].map { number in
      SignalWatcher(number, on: loop) { [unowned self] in hasCome = true }
    }
  }
}
