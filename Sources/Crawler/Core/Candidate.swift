import BitcoinWire
import Observations

/// An address that may be a node's. It has about 80 bytes, as there may be millions.
struct Candidate {
  /// The place of a candidate in the crawl.
  enum Place: UInt8 {
    /// It is not going to be dialled.
    case idle
    /// It is in the frontier, and dialled as soon as there is room.
    case queued
    /// It waits to be dialled at `due`.
    case waiting
    /// It is being dialled.
    case inFlight
    /// It is connected.
    case connected
  }

  /// Properties of a candidate.
  struct Traits: OptionSet {
    let rawValue: UInt8
    /// It was named by the operator, a DNS seed or the database.
    static let given = Traits(rawValue: 1 << 0)
    /// The node itself advertised it as its own address.
    static let selfAnnounced = Traits(rawValue: 1 << 1)
    /// A handshake was done at some time.
    static let everReached = Traits(rawValue: 1 << 2)
    /// It was dialled a second time in this pass.
    static let isRetried = Traits(rawValue: 1 << 3)
    /// It counts towards its group's quota.
    static let isCounted = Traits(rawValue: 1 << 4)
    /// Its advertised time is implausible or old, or its advertiser is not believed.
    static let isUnlikely = Traits(rawValue: 1 << 5)
    /// A handshake was done in this crawl.
    static let isFound = Traits(rawValue: 1 << 6)
    /// Its connection was closed to be made again, so it is dialled wherever it is.
    static let isRenewed = Traits(rawValue: 1 << 7)
  }

  /// The address and port.
  var endpoint: Endpoint
  /// When it was first advertised, in seconds since the Unix epoch.
  var firstHeard: UInt32
  /// When it was last advertised, in seconds since the Unix epoch.
  var lastHeard: UInt32
  /// When it was last tried, in seconds since the Unix epoch; 0 for never.
  var lastTried: UInt32 = 0
  /// When it was last reached, in seconds since the Unix epoch; 0 for never.
  var lastReached: UInt32 = 0
  /// When a waiting candidate is dialled, in hundredths of a second since the crawl began.
  var due: UInt32 = 0
  /// The network groups that advertised it, hashed to 32 bits.
  var sources: UInt32 = 0
  /// The index of the node that advertised it first; `Candidate.nobody` if none did.
  var advertiser: UInt32
  /// Consecutive failures, 100 at most.
  var failures: UInt8 = 0
  /// The state by the last attempt.
  var state = NodeState.untried
  /// The place in the crawl.
  var place = Place.idle
  /// The level of the frontier in which it is queued.
  var level: UInt8 = 0
  /// Its properties.
  var traits: Traits = []

  /// The index for no candidate.
  static let nobody = UInt32.max

  /// The level of the frontier in which it belongs, the likeliest first: 0 named or reached before, 1
  /// self-announced, 2 to 5 advertised by eight, four, two network groups or one, 6 unlikely.
  var likelihood: Int {
    if !traits.isDisjoint(with: [.given, .everReached]) { return 0 }
    if traits.contains(.selfAnnounced) { return 1 }
    switch sources.nonzeroBitCount {
    case 8...: return 2
    case 4...: return 3
    case 2...: return 4
    default: return traits.contains(.isUnlikely) ? 6 : 5
    }
  }

  /// Whether it may be replaced when memory is full: it never answered, and few groups advertised it.
  var isExpendable: Bool {
    traits.isDisjoint(with: [.given, .everReached, .selfAnnounced]) && place != .inFlight
      && place != .connected
      && (likelihood >= 5 || failures > 1)
  }
}
