import BitcoinWire
import Observations

/// An observation of an endpoint. All times are in ns since the Unix epoch.
public enum Observation: Sendable {
  /// An attempt to connect has ended, in success or failure.
  case attempt(Attempt)
  /// The endpoint was advertised.
  case advertisement(Advertisement)
  /// A connection to the endpoint is still open.
  case presence(Presence)
  /// Facts about the endpoint from a source outside the network.
  case enrichment(EndpointFacts)

  /// The observed endpoint.
  public var endpoint: Endpoint {
    switch self {
    case .attempt(let attempt): attempt.endpoint
    case .advertisement(let advertisement): advertisement.endpoint
    case .presence(let presence): presence.endpoint
    case .enrichment(let enrichment): enrichment.endpoint
    }
  }
}

/// The end of an attempt to connect.
public struct Attempt: Sendable {
  /// The endpoint that was dialled.
  public var endpoint: Endpoint
  /// When the attempt ended.
  public var time: UInt64
  /// The state of the node by this attempt.
  public var state: NodeState
  /// The reason why it ended before the handshake was done; nil if the handshake was done or the reason is
  /// unknown.
  public var outcome: Outcome?
  /// The time to connect in ns; nil if it failed.
  public var connectDuration: UInt64?
  /// The time from connecting to the end of the handshake in ns; nil if the handshake was not done.
  public var handshakeDuration: UInt64?
  /// The node's introduction; nil if it sent none.
  public var introduction: PeerIntroduction?

  /// Creates an attempt with a state.
  public init(_ endpoint: Endpoint, time: UInt64, state: NodeState) {
    self.endpoint = endpoint
    self.time = time
    self.state = state
  }

  /// Creates an attempt with the state that follows from its outcome.
  ///
  /// - Parameters:
  ///   - outcome: the reason why it ended before the handshake was done; nil if the handshake was done.
  public init(_ endpoint: Endpoint, time: UInt64, outcome: Outcome?) {
    self.init(endpoint, time: time, state: NodeState(outcome?.code))
    self.outcome = outcome
  }
}

/// An endpoint advertised in an `addr` message, by a DNS seed or in a file.
public struct Advertisement: Sendable {
  /// The advertised endpoint.
  public var endpoint: Endpoint
  /// When the advertisement came.
  public var time: UInt64
  /// The advertising node; nil for a DNS seed or a file.
  public var advertiser: Endpoint?
  /// When the endpoint was last seen, as the advertiser claims, in seconds since the Unix epoch.
  public var claimedTime: UInt32?
  /// The endpoint's services, as the advertiser claims. They are kept only until the endpoint is reached.
  public var services: ServiceFlags?

  /// Creates an advertisement.
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

/// A node that is still connected, so that it need not be dialled.
public struct Presence: Sendable {
  /// The connected endpoint.
  public var endpoint: Endpoint
  /// When the connection was observed.
  public var time: UInt64
  /// The node's height, if it is known to have changed.
  public var height: Int32?
  /// The node's introduction, if another client made the connection, so that there was no attempt.
  public var introduction: PeerIntroduction?

  /// Creates a presence.
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

/// Facts about an endpoint's address. A nil fact keeps the value in the database, unless that belongs to
/// another place or autonomous system (see `changes(to:)`).
public struct EndpointFacts: Sendable {
  /// The endpoint.
  public var endpoint: Endpoint
  /// When the facts were looked up.
  public var time: UInt64
  /// The country's code of two letters (ISO 3166-1).
  public var country: String?
  /// The city's name.
  public var city: String?
  /// The latitude in degrees north.
  public var latitude: Double?
  /// The longitude in degrees east.
  public var longitude: Double?
  /// The time zone's name in the tz database.
  public var timeZone: String?
  /// The number of the autonomous system.
  public var asn: UInt32?
  /// The organisation of the autonomous system.
  public var organization: String?
  /// The address's host name by reverse DNS.
  public var hostname: String?
  /// The node's species, as the crawler classified it.
  public var species: String?

  /// Creates facts that are all nil.
  public init(_ endpoint: Endpoint, time: UInt64) {
    self.endpoint = endpoint
    self.time = time
  }
}
