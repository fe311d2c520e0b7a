import BitcoinWire
import Observations

/// Something that was seen of an endpoint; all times are ns since the Unix epoch.
public enum Observation: Sendable {
  /// An attempt to connect has ended, either way.
  case attempt(Attempt)
  /// Somebody told of the endpoint.
  case advertisement(Advertisement)
  /// A connection to it is still there.
  case presence(Presence)
  /// A source besides the network says something of it.
  case enrichment(EndpointFacts)

  /// Whom it is about.
  public var endpoint: Endpoint {
    switch self {
    case .attempt(let attempt): attempt.endpoint
    case .advertisement(let advertisement): advertisement.endpoint
    case .presence(let presence): presence.endpoint
    case .enrichment(let enrichment): enrichment.endpoint
    }
  }
}

/// An attempt to connect, as it ended.
public struct Attempt: Sendable {
  /// Whom we wanted to reach.
  public var endpoint: Endpoint
  /// When it ended.
  public var time: UInt64
  /// What it showed.
  public var state: NodeState
  /// What ended it before the handshake was done; nil if it was done, or that is not known.
  public var outcome: Outcome?
  /// How long connecting took in ns, where it succeeded.
  public var connectDuration: UInt64?
  /// How long the handshake took from then on in ns, where it was done.
  public var handshakeDuration: UInt64?
  /// What the node said of itself, where it did.
  public var introduction: PeerIntroduction?

  /// Takes what every attempt has.
  public init(_ endpoint: Endpoint, time: UInt64, state: NodeState) {
    self.endpoint = endpoint
    self.time = time
    self.state = state
  }

  /// Takes what every attempt has.
  ///
  /// - Parameters:
  ///   - outcome: what ended it before the handshake was done; nil where it was done.
  public init(_ endpoint: Endpoint, time: UInt64, outcome: Outcome?) {
    self.init(endpoint, time: time, state: NodeState(outcome?.code))
    self.outcome = outcome
  }
}

/// An endpoint that was told of: in an `addr` message, by a DNS seed, in a file.
public struct Advertisement: Sendable {
  /// What was advertised.
  public var endpoint: Endpoint
  /// When we heard it.
  public var time: UInt64
  /// The node that told us; nil for a DNS seed or a file.
  public var advertiser: Endpoint?
  /// When the endpoint was last seen, as the advertiser claims, in seconds since the Unix epoch.
  public var claimedTime: UInt32?
  /// What it offers, as the advertiser claims. Kept only until it says so itself.
  public var services: ServiceFlags?

  /// Joins what was told.
  public init(
    _ endpoint: Endpoint,
    time: UInt64,
    advertiser: Endpoint? = nil,
    claimedTime: UInt32? = nil,
    services: ServiceFlags? = nil
  ) {
    self.endpoint = endpoint
    self.time = time
    self.advertiser = advertiser
    self.claimedTime = claimedTime
    self.services = services
  }
}

/// A node that is connected now, and was before: it need not be dialled to know that it is there.
public struct Presence: Sendable {
  /// Who is connected.
  public var endpoint: Endpoint
  /// When it was seen so.
  public var time: UInt64
  /// The height of its chain, where it is known to have changed.
  public var height: Int32?
  /// What it said of itself, where others made the connection, so that there was no attempt.
  public var introduction: PeerIntroduction?

  /// Joins what was seen.
  public init(
    _ endpoint: Endpoint,
    time: UInt64,
    height: Int32? = nil,
    introduction: PeerIntroduction? = nil
  ) {
    self.endpoint = endpoint
    self.time = time
    self.height = height
    self.introduction = introduction
  }
}

/// What others know of an endpoint's address; what is nil stays as it is in the database, unless it is said of a place
/// or an autonomous system that has changed.
public struct EndpointFacts: Sendable {
  /// Whom it is about.
  public var endpoint: Endpoint
  /// When it was looked up.
  public var time: UInt64
  /// The country's code of two letters (ISO 3166-1).
  public var country: String?
  /// The city's name.
  public var city: String?
  /// Degrees north.
  public var latitude: Double?
  /// Degrees east.
  public var longitude: Double?
  /// The time zone, as the tz database calls it.
  public var timeZone: String?
  /// The autonomous system's number.
  public var asn: UInt32?
  /// Whose it is.
  public var organization: String?
  /// What reverse DNS calls the address.
  public var hostname: String?
  /// What kind of node it is, as classified.
  public var species: String?

  /// Says nothing yet.
  public init(_ endpoint: Endpoint, time: UInt64) {
    self.endpoint = endpoint
    self.time = time
  }
}
