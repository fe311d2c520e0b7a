import BitcoinWire
import Observations

/// A node whose handshake was done, with its introduction and its credit as an advertiser.
public struct FoundNode: Sendable {
  /// The introduction in its `version` message.
  public internal(set) var introduction: PeerIntroduction
  /// Nanoseconds of the handshake; 0 if another client made the connection.
  public internal(set) var handshakeDuration: UInt64
  /// The number of addresses in its longest answer to `getaddr`; nil if it has not answered.
  public internal(set) var answerCount: Int?
  /// Whether it did not answer `getaddr` in time.
  public internal(set) var isSilent = false
  /// The number of addresses accepted from it.
  public internal(set) var toldCount = 0
  /// Whether it has advertised many bad addresses and no good one, so that it is not believed.
  public internal(set) var isNonsensical = false

  /// When it was last asked, in seconds since the crawl began.
  var lastAsked: Double?
  /// The number of addresses that are accepted from it now.
  var allowance = Self.burst
  /// When the allowance was last refilled.
  var allowedAt: Double
  /// The number of its advertised addresses that were reached at some time.
  var confirmedCount = 0
  /// The number of its advertised addresses that nobody can have, or that only it advertised and that could
  /// not be reached.
  var disprovedCount = 0

  /// Addresses accepted at once from a node that was not asked (Bitcoin Core's
  /// `MAX_ADDR_PROCESSING_TOKEN_BUCKET`).
  static let burst = 1000.0
  /// Further addresses accepted from a node that is asked: the most that code without a limit per message sends
  /// (2,500 was `ADDRMAN_GETADDR_MAX` of Bitcoin Core).
  static let answer = 2500.0
  /// Addresses per second accepted from a node in the long run (Core's `MAX_ADDR_RATE_PER_SECOND`).
  static let rate = 0.1
  /// The number of disproved addresses from which on a node is not believed, if none is confirmed.
  static let nonsenseLimit = 200

  /// Creates a node without advertisements.
  init(_ introduction: PeerIntroduction, handshakeDuration: UInt64, at now: Double) {
    self.introduction = introduction
    self.handshakeDuration = handshakeDuration
    allowedAt = now
  }

  /// Accepts as many of `count` addresses as the allowance permits; returns the number accepted.
  mutating func take(_ count: Int, at now: Double) -> Int {
    allowance = min(Self.burst + Self.answer, allowance + (now - allowedAt) * Self.rate)
    allowedAt = now
    let taken = min(count, Int(allowance))
    allowance -= Double(taken)
    toldCount += taken
    return taken
  }

  /// Counts an advertised address that was reached.
  mutating func confirm() {
    confirmedCount += 1
    isNonsensical = false
  }

  /// Counts an advertised address that is bad.
  mutating func disprove() {
    disprovedCount += 1
    if confirmedCount == 0, disprovedCount >= Self.nonsenseLimit { isNonsensical = true }
  }
}
