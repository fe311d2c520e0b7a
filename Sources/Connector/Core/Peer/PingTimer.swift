/// The pings of one connection: when they are sent, and how long answers take. Times are in ns, on the monotonic clock.
struct PingTimer {
  /// The last round trip; 0 before the first.
  private(set) var roundTrip: UInt64 = 0
  /// The shortest round trip; 0 before the first.
  private(set) var shortest: UInt64 = 0
  /// When the last ping was sent, or as if one had been; 0 for never.
  var last: UInt64 = 0

  private var pending: (nonce: UInt64, sentAt: UInt64)?

  /// Since when an answer is awaited; nil where none is.
  var pendingSince: UInt64? { pending?.sentAt }

  /// The nonce of a ping that is sent now. One that was not answered is sent again.
  mutating func begin(now: UInt64) -> UInt64 {
    last = now
    let ping = pending ?? (UInt64.random(in: 1 ... .max), now)
    pending = ping
    return ping.nonce
  }

  /// Takes the round trip's time, where this is the answer.
  ///
  /// - Parameter delay: how long ago the answer came; read it may have been later.
  mutating func answered(_ nonce: UInt64?, now: UInt64, delay: UInt64) {
    guard let pending, nonce == pending.nonce else { return }
    let whole = now - pending.sentAt
    roundTrip = max(1, whole - min(delay, whole))
    shortest = shortest == 0 ? roundTrip : min(shortest, roundTrip)
    self.pending = nil
  }
}
