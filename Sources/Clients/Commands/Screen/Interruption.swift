import EventLoop
import Glibc

/// Whether somebody wants the program to end: Ctrl-C, or SIGTERM, after which it ends in order.
public final class Interruption {
  /// Whether it is to end.
  public private(set) var hasCome = false

  private var watchers: [SignalWatcher] = []

  /// Begins to listen.
  ///
  /// - Parameter isHeard: false where the program is none of its own, and signals are not for it.
  public init(on loop: EventLoop, isHeard: Bool) {
    guard isHeard else { return }
    watchers = [SIGINT, SIGTERM, SIGHUP].map { number in
      SignalWatcher(number, on: loop) { [unowned self] in hasCome = true }
    }
  }
}
