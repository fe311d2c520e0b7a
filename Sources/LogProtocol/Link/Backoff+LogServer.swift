import Pacing

extension Backoff {
  /// How long both ends of the log server's sockets wait before they connect to it again.
  static let logServer = Backoff(first: 0.1, limit: 5)
}
