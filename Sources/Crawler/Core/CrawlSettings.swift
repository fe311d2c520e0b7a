import BitcoinWire
import Pacing

/// The settings of a crawl.
public struct CrawlSettings: Sendable {
  /// Most dials in flight, including their handshakes.
  public var inFlight = 3000
  /// Most dials begun per second.
  public var rate = 1000.0
  /// Most connections made by the crawl that are open at once.
  public var connections = 50_000
  /// Most candidates in memory.
  public var candidates = 2_000_000
  /// Most candidates of one network group that were never tried.
  public var groupQuota = 2000
  /// Seconds to connect to a node that has answered before.
  public var connectTimeout = 10.0
  /// Seconds to connect to an address that has never answered.
  public var firstTimeout = 5.0
  /// Seconds to connect to onion and I2P addresses.
  public var proxyTimeout = 60.0
  /// Seconds to wait for an answer to `getaddr`.
  public var answerTimeout = 120.0
  /// Seconds until a node is asked again. Nodes cache their answer for about a day.
  public var askInterval = 86_400.0
  /// Seconds from the start of a pass to the start of the next.
  public var passInterval = 600.0
  /// Seconds until an unreachable address is tried again, doubled with each failure.
  public var backoff = 600.0
  /// Most seconds until an unreachable address is tried again.
  public var backoffLimit = 86_400.0
  /// Fewest seconds between two attempts at an address.
  public var targetInterval = 2.0
  /// Fewest seconds from a failure to the next attempt after an advertisement with a newer time.
  public var freshInterval = 60.0
  /// Whether to keep a connection to every reachable node.
  public var holds = false
  /// Whether to dial only loopback addresses, for simulated networks. Other addresses that simulated nodes
  /// advertise are invented, and may be somebody's.
  public var dialsLoopbackOnly = false
  /// Whether to dial addresses that peers tell, and nodes whose connection is lost. If not, only the connections
  /// that a round renews are dialled.
  public var dialsCandidates = true
  /// How peers are asked in rounds; nil to ask each node as soon as it is connected.
  public var rounds: CrawlRounds?
  /// Addresses that are never dialled, because their owners do not want to be observed.
  public var optedOut: [AddressRange] = []

  /// Creates the default settings.
  public init() {}

  /// The wait before a lost node is dialled again, as a share of the time that it has been away, if
  /// connections are held. On average its return is noticed after half of the wait.
  static let holdShare = 1.0 / 30

  /// The longest such wait in the first day, in seconds. Including jitter and the time to connect, a node is
  /// connected within a minute after its return.
  static let holdLimit = 36.0

  /// The time for which `holdLimit` applies, in seconds.
  static let holdSpan = 86_400.0

  /// The number of network groups whose first advertisement of an address is news.
  static let sourceLimit = 4

  /// Seconds until the second attempt within a pass.
  static let retryDelay = 3.0

  /// The number of known addresses from which on only more than `gossipCount` addresses count as an answer.
  static let smallNetwork = 1000

  /// The most addresses that nodes relay unasked (Bitcoin Core relays messages of up to ten).
  static let gossipCount = 10

  /// Seconds without a further message after which an answer is complete.
  static let answerPause = 3.0

  /// The most seconds that an answer takes after its first message.
  static let answerSpan = 15.0

  /// The wait before an address that could not be reached is dialled again.
  var failureBackoff: Backoff { Backoff(first: backoff, limit: backoffLimit) }

  /// The wait before a full node is dialled again, if reachable nodes are held: slots become free at any time.
  var fullBackoff: Backoff { Backoff(first: min(30, backoff), limit: backoff) }

  /// Whether to remember an address that a peer tells: one to dial or, in rounds, any routable one.
  func remembers(_ endpoint: Endpoint) -> Bool {
    admits(endpoint) || rounds != nil && Self.hasPort(endpoint) && endpoint.address.isRoutable
  }

  private static func hasPort(_ endpoint: Endpoint) -> Bool {
    endpoint.port > 0 || endpoint.address.network == .i2p
  }

  /// Whether an address may be dialled.
  func admits(_ endpoint: Endpoint) -> Bool {
    guard Self.hasPort(endpoint) else { return false }
    guard dialsLoopbackOnly ? endpoint.address.isLoopback : endpoint.address.isRoutable else { return false }
    return !isOptedOut(endpoint)
  }

  /// Whether the owner of an address does not want to be observed.
  func isOptedOut(_ endpoint: Endpoint) -> Bool {
    optedOut.contains { $0.contains(endpoint.address) }
  }
}
