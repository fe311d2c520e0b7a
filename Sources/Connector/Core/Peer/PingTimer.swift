/// The pings of one connection and their round trips. Times are in ns, on the monotonic clock.
struct PingTimer {
  /// The last round trip; 0 before the first.
  private(set) var roundTrip: UInt64 = 0
  /// The shortest round trip; 0 before the first.
  private(set) var shortest: UInt64 = 0
  /// When the last ping was sent; set to a random time in the past to spread the first pings. 0 for never.
  var last: UInt64 = 0

  private var pending: (nonce: UInt64, sentAt: UInt64)?

  /// When the unanswered ping was sent; nil if there is none.
  var pendingSince: UInt64? { pending?.sentAt }

  /// Returns the nonce for a ping that is sent now. If the last ping was not answered, its nonce is sent
  /// again.
  mutating func begin(now: UInt64) -> UInt64 {
    last = now
    let ping = pending ?? (UInt64.random(in: 1 ... .max), now)
    pending = ping
    return ping.nonce
  }

  /// Records the round trip if the nonce is that of the pending ping.
  ///
  /// - Parameter delay: the time between the answer's arrival and its reading.
  mutating func answered(_ nonce: UInt64?, now: UInt64, delay: UInt64) {
    guard let pending, nonce == pending.nonce else { return }
    let whole = now - pending.sentAt
    roundTrip = max(1, whole - min(delay, whole))
    shortest = shortest == 0 ? roundTrip : min(shortest, roundTrip)
    self.pending = nil
  }
}
