import BitcoinWire
import Observations

/// A node whose handshake was done: what it says of itself, and how much of what it tells is believed.
public struct FoundNode: Sendable {
  /// What it said in `version`.
  public internal(set) var introduction: PeerIntroduction
  /// Nanoseconds until the handshake was done; 0 where another made the connection.
  public internal(set) var handshakeDuration: UInt64
  /// How many addresses were in its longest answer to `getaddr`; nil while it has not answered.
  public internal(set) var answerCount: Int?
  /// Whether it was asked for addresses, and has had its time.
  public internal(set) var isSilent = false
  /// How many addresses it told of in all.
  public internal(set) var toldCount = 0
  /// Whether nothing that it told has shown to be a node's.
  public internal(set) var isNonsensical = false

  /// Seconds since the crawl began when it was last asked.
  var lastAsked: Double?
  /// How many more addresses are taken from it now.
  var allowance = Self.burst
  /// When the allowance was last made up.
  var allowedAt: Double
  /// Addresses that it told of that are or were reached.
  var confirmedCount = 0
  /// Addresses that nobody can have, and those of its own telling only that could not be reached.
  var disprovedCount = 0

  /// Addresses that are taken at once from a node that is not asked (Bitcoin Core's `MAX_ADDR_PROCESSING_TOKEN_BUCKET`).
  static let burst = 1000.0
  /// Addresses a second that are taken from a node in the long run (Core's `MAX_ADDR_RATE_PER_SECOND`).
  static let rate = 0.1
  /// From how many disproved addresses on, none being confirmed, a node is not believed.
  static let nonsenseLimit = 200

  /// Describes a node.
  init(_ introduction: PeerIntroduction, handshakeDuration: UInt64, at now: Double) {
    self.introduction = introduction
    self.handshakeDuration = handshakeDuration
    allowedAt = now
  }

  /// Takes as many of so many addresses as it may tell now; returns how many.
  mutating func take(_ count: Int, at now: Double) -> Int {
    allowance = min(2 * Self.burst, allowance + (now - allowedAt) * Self.rate)
    allowedAt = now
    let taken = min(count, Int(allowance))
    allowance -= Double(taken)
    toldCount += taken
    return taken
  }

  /// One of its addresses is a node's.
  mutating func confirm() {
    confirmedCount += 1
    isNonsensical = false
  }

  /// One of its addresses is nobody's.
  mutating func disprove() {
    disprovedCount += 1
    if confirmedCount == 0, disprovedCount >= Self.nonsenseLimit { isNonsensical = true }
  }
}
