import BitcoinWire

/// An endpoint that was reached, as the search for siblings sees it; all times are ns since the Unix epoch.
public struct SiblingCandidate: Sendable {
  /// What it says of itself all its life, until it is upgraded: the same whichever of its addresses is asked.
  public struct Introduction: Hashable, Sendable {
    /// The protocol version.
    public var version: Int64
    /// The services, as the database has them.
    public var services: Int64
    /// What it calls itself, with its comments, escaped.
    public var userAgent: String
    /// Whether it wants transactions; nil where that is not known.
    public var relay: Bool?

    /// Joins what was said.
    public init(version: Int64, services: Int64, userAgent: String, relay: Bool? = true) {
      self.version = version
      self.services = services
      self.userAgent = userAgent
      self.relay = relay
    }
  }

  /// Something that happened to it.
  public struct Event: Sendable, Equatable {
    /// What happened.
    public enum Kind: UInt8, CaseIterable, Sendable {
      /// It ceased to be reachable.
      case down
      /// It became reachable.
      case up
      /// It says something else of itself than before.
      case upgrade
    }

    /// When it was seen.
    public var time: Int64
    /// What it was.
    public var kind: Kind
    /// Upgrades: what it said of itself until then.
    public var former: Introduction?

    /// Joins what was seen.
    public init(_ kind: Kind, at time: Int64, former: Introduction? = nil) {
      self.time = time
      self.kind = kind
      self.former = former
    }
  }

  /// Its number in the database.
  public var id: Int64
  /// Where it is.
  public var endpoint: Endpoint
  /// What it said of itself last.
  public var introduction: Introduction
  /// When that was.
  public var introduced: Int64
  /// The height that it said then.
  public var height: Int64?
  /// When it was first reached.
  public var firstReached: Int64
  /// When it was last reached.
  public var lastReached: Int64
  /// Whether it is reachable.
  public var isReachable: Bool
  /// What reverse DNS calls its address.
  public var hostname: String?
  /// The autonomous system that its address is in.
  public var asn: Int64?
  /// What happened to it, by time.
  public var events: [Event] = []

  /// Takes what is known of each.
  public init(
    id: Int64,
    _ endpoint: Endpoint,
    _ introduction: Introduction,
    introduced: Int64,
    firstReached: Int64,
    lastReached: Int64,
    isReachable: Bool
  ) {
    self.id = id
    self.endpoint = endpoint
    self.introduction = introduction
    self.introduced = introduced
    self.firstReached = firstReached
    self.lastReached = lastReached
    self.isReachable = isReachable
  }

  /// Whether it was reachable at a time; nil where that is not known.
  func wasReachable(at time: Int64) -> Bool? {
    guard time >= firstReached else { return nil }
    var isUp: Bool?
    for event in events where event.kind != .upgrade {
      if event.time > time { return isUp ?? (event.kind == .down) }
      isUp = event.kind == .up
    }
    return isUp ?? isReachable
  }

  /// All that it said of itself between two times, both included.
  func introductions(from first: Int64, through last: Int64) -> Set<Introduction> {
    var said = introduction
    var result: Set<Introduction> = []
    for event in events.reversed() where event.kind == .upgrade {
      if event.time < first { break }
      if event.time <= last { result.insert(said) }
      said = event.former ?? said
    }
    result.insert(said)
    return result
  }
}

/// A node told of an endpoint, both of them ones that were reached.
public struct SiblingTelling: Sendable {
  /// Who told, as its place among the candidates.
  public var advertiser: Int
  /// The number in the database of whom it told of, who need not be a candidate.
  public var node: Int64
  /// When that one was last seen, as the advertiser said.
  public var claimed: Int64
  /// Whether that was so just then, as nobody but the node itself, or who hears it at once, can say.
  public var isFresh: Bool
  /// Whether nobody told of it before.
  public var isFirst: Bool

  /// Joins what was told.
  public init(advertiser: Int, node: Int64, claimed: Int64, isFresh: Bool, isFirst: Bool) {
    self.advertiser = advertiser
    self.node = node
    self.claimed = claimed
    self.isFresh = isFresh
    self.isFirst = isFirst
  }
}
