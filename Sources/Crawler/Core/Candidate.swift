import BitcoinWire
import Observations

/// What is known of an address that may be a node's: some 80 bytes, as there may be millions.
struct Candidate {
  /// Where it is in the crawl.
  enum Place: UInt8 {
    /// Not to be dialled.
    case idle
    /// In the frontier: to be dialled as soon as there is room.
    case queued
    /// To be dialled at `due`.
    case waiting
    /// Being dialled.
    case inFlight
    /// Connected to.
    case connected
  }

  /// What is true of it.
  struct Traits: OptionSet {
    let rawValue: UInt8
    /// The operator, a DNS seed or the store named it.
    static let given = Traits(rawValue: 1 << 0)
    /// A node that we reached said that it is its own address.
    static let selfAnnounced = Traits(rawValue: 1 << 1)
    /// A handshake was done there at some time.
    static let everReached = Traits(rawValue: 1 << 2)
    /// It was dialled once more in this pass.
    static let isRetried = Traits(rawValue: 1 << 3)
    /// It counts against its group's quota.
    static let isCounted = Traits(rawValue: 1 << 4)
    /// It is old, or told by nodes that tell nonsense.
    static let isUnlikely = Traits(rawValue: 1 << 5)
    /// A handshake was done there in this crawl.
    static let isFound = Traits(rawValue: 1 << 6)
    /// Its connection was closed to be made again, so it is dialled wherever it is.
    static let isRenewed = Traits(rawValue: 1 << 7)
  }

  /// The address and port.
  var endpoint: Endpoint
  /// When it was first told, seconds since the Unix epoch.
  var firstHeard: UInt32
  /// When it was last told, seconds since the Unix epoch.
  var lastHeard: UInt32
  /// When it was last tried, seconds since the Unix epoch; 0 for never.
  var lastTried: UInt32 = 0
  /// When it was last reached, seconds since the Unix epoch; 0 for never.
  var lastReached: UInt32 = 0
  /// When it is dialled, hundredths of a second since the crawl began, where it waits.
  var due: UInt32 = 0
  /// A bit for each 32nd of the network groups that told of it.
  var sources: UInt32 = 0
  /// The index of the node that told of it first; `Candidate.nobody` where it was given.
  var advertiser: UInt32
  /// Failures in a row.
  var failures: UInt8 = 0
  /// What the last attempt came to.
  var state = NodeState.untried
  /// Where it is in the crawl.
  var place = Place.idle
  /// The level of the frontier that it is queued at.
  var level: UInt8 = 0
  /// What is true of it.
  var traits: Traits = []

  /// The index of no candidate.
  static let nobody = UInt32.max

  /// The level of the frontier it belongs to, the likeliest first: 0 given or reached before, 1 self-announced, 2 to 5
  /// told by eight, four, two network groups or one, 6 unlikely.
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

  /// Whether it may give way to another where there are too many: nobody ever answered there, and few told of it.
  var isExpendable: Bool {
    traits.isDisjoint(with: [.given, .everReached, .selfAnnounced]) && place != .inFlight
      && place != .connected
      && (likelihood >= 5 || failures > 1)
  }
}
