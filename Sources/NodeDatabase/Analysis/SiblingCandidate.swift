import BitcoinWire

/// An endpoint that was reached, as input of the search for siblings. All times are in ns since the Unix
/// epoch.
public struct SiblingCandidate: Sendable {
  /// The part of a `version` message that stays the same until the node is upgraded, at each of its
  /// addresses.
  public struct Introduction: Hashable, Sendable {
    /// The protocol version.
    public var version: Int64
    /// The services, as the database stores them.
    public var services: Int64
    /// The user agent with its comments, escaped.
    public var userAgent: String
    /// Whether it wants transactions; nil if unknown.
    public var relay: Bool?

    /// Creates an introduction.
    public init(version: Int64, services: Int64, userAgent: String, relay: Bool? = true) {
      self.version = version
      self.services = services
      self.userAgent = userAgent
      self.relay = relay
    }
  }

  /// A change of the endpoint.
  public struct Event: Sendable, Equatable {
    /// The kind of change.
    public enum Kind: UInt8, CaseIterable, Sendable {
      /// It became unreachable.
      case down
      /// It became reachable.
      case up
      /// It changed its introduction.
      case upgrade
    }

    /// When it was observed.
    public var time: Int64
    /// The kind of change.
    public var kind: Kind
    /// The introduction before an upgrade; nil for other kinds.
    public var former: Introduction?

    /// Creates an event.
    public init(_ kind: Kind, at time: Int64, former: Introduction? = nil) {
      self.time = time
      self.kind = kind
      self.former = former
    }
  }

  /// Its id in the database.
  public var id: Int64
  /// Its address and port.
  public var endpoint: Endpoint
  /// Its last introduction.
  public var introduction: Introduction
  /// When it gave the last introduction.
  public var introduced: Int64
  /// The height in the last introduction.
  public var height: Int64?
  /// When it was first reached.
  public var firstReached: Int64
  /// When it was last reached.
  public var lastReached: Int64
  /// Whether it is reachable.
  public var isReachable: Bool
  /// Its host name by reverse DNS.
  public var hostname: String?
  /// The autonomous system of its address.
  public var asn: Int64?
  /// Its events in order of time.
  public var events: [Event] = []

  /// Creates a candidate without events.
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

  /// Whether it was reachable at a time; nil if unknown.
  func wasReachable(at time: Int64) -> Bool? {
    guard time >= firstReached else { return nil }
    var isUp: Bool?
    for event in events where event.kind != .upgrade {
      if event.time > time { return isUp ?? (event.kind == .down) }
      isUp = event.kind == .up
    }
    return isUp ?? isReachable
  }

  /// All its introductions between two times, both included.
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

/// An advertisement of an endpoint by a candidate.
public struct SiblingTelling: Sendable {
  /// The advertiser's index among the candidates.
  public var advertiser: Int
  /// The id in the database of the advertised endpoint, which need not be a candidate.
  public var node: Int64
  /// When the advertised endpoint was last seen, as the advertiser said.
  public var claimed: Int64
  /// Whether that was within ten seconds of the advertisement. Only the node itself, or one that has just
  /// heard from it, can say so.
  public var isFresh: Bool
  /// Whether it was the first advertisement of the endpoint.
  public var isFirst: Bool

  /// Creates an advertisement.
  public init(advertiser: Int, node: Int64, claimed: Int64, isFresh: Bool, isFirst: Bool) {
    self.advertiser = advertiser
    self.node = node
    self.claimed = claimed
    self.isFresh = isFresh
    self.isFirst = isFirst
  }
}
