/// The back-off between attempts to reconnect.
struct Reconnection {
  private var attempt = 0

  /// Seconds until the next attempt: 0.1 at first, doubling up to 5.
  mutating func nextDelay() -> Double {
    defer { attempt = min(attempt + 1, 6) }
    return min(0.1 * Double(1 << attempt), 5)
  }

  /// Starts over once a connection works.
  mutating func reset() { attempt = 0 }
}
