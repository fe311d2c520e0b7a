import BitcoinWire
import Pacing

/// How a crawl is done.
public struct CrawlSettings: Sendable {
  /// Most dials under way, their handshakes included.
  public var inFlight = 3000
  /// Most dials begun a second.
  public var rate = 1000.0
  /// Most connections of ours that are open at once.
  public var connections = 50_000
  /// Most candidates that are remembered.
  public var candidates = 2_000_000
  /// Most never tried candidates that wait of one network group.
  public var groupQuota = 2000
  /// Seconds that connecting to a node may take that has answered before.
  public var connectTimeout = 10.0
  /// Seconds that connecting to an address may take that has never answered.
  public var firstTimeout = 5.0
  /// Seconds that connecting to onion and I2P addresses may take.
  public var proxyTimeout = 60.0
  /// Seconds that an answer to `getaddr` is waited for.
  public var answerTimeout = 120.0
  /// Seconds until a node is asked again: nodes answer the same for about a day.
  public var askInterval = 86_400.0
  /// Seconds from the beginning of a pass to that of the next.
  public var passInterval = 600.0
  /// Seconds until an address that could not be reached is tried again, doubled with each failure.
  public var backoff = 600.0
  /// Most seconds until then.
  public var backoffLimit = 86_400.0
  /// Fewest seconds from one attempt at an address to the next.
  public var targetInterval = 2.0
  /// Fewest seconds from a failure until it is tried again because it is told to have been seen since.
  public var freshInterval = 60.0
  /// Whether a connection to every reachable node is kept.
  public var holds = false
  /// Whether addresses of this machine, and no others, are dialled: on networks that are nowhere else. What nodes there
  /// tell besides is made up, and may be somebody's.
  public var dialsLoopbackOnly = false
  /// Whether addresses that peers tell, and nodes whose connection is lost, are dialled. If not, only the connections that a
  /// round renews are.
  public var dialsCandidates = true
  /// How peers are asked in rounds; nil to ask each node as soon as it is connected.
  public var rounds: CrawlRounds?
  /// Addresses that are never dialled: who does not want to be observed.
  public var optedOut: [AddressRange] = []

  /// Creates the defaults.
  public init() {}

  /// How much of the time that a node which was held has been away is waited until it is dialled again: how late it is
  /// noticed that it is back is half of that, on average.
  static let holdShare = 1.0 / 30

  /// The longest that it is left alone for the first day, in seconds: jitter and the time that a connect takes included
  /// it is connected to within a minute of coming back.
  static let holdLimit = 36.0

  /// For how many seconds that is so.
  static let holdSpan = 86_400.0

  /// Up to how many network groups it is news that one of them tells of an address.
  static let sourceLimit = 4

  /// Seconds that a retry within the same pass waits.
  static let retryDelay = 3.0

  /// From how many known addresses on only an answer of more than ten counts as one.
  static let smallNetwork = 1000

  /// How long an address that could not be reached is left alone.
  var failureBackoff: Backoff { Backoff(first: backoff, limit: backoffLimit) }

  /// How long a node that is to be held and had no free slot is left alone: slots become free at any time.
  var fullBackoff: Backoff { Backoff(first: min(30, backoff), limit: backoff) }

  /// Whether an address that a peer tells is remembered: one to dial, or in rounds any that a node may have.
  func remembers(_ endpoint: Endpoint) -> Bool {
    admits(endpoint) || rounds != nil && Self.hasPort(endpoint) && endpoint.address.isRoutable
  }

  private static func hasPort(_ endpoint: Endpoint) -> Bool {
    endpoint.port > 0 || endpoint.address.network == .i2p
  }

  /// Whether an address may be dialled at all.
  func admits(_ endpoint: Endpoint) -> Bool {
    guard Self.hasPort(endpoint) else { return false }
    guard dialsLoopbackOnly ? endpoint.address.isLoopback : endpoint.address.isRoutable else { return false }
    return !optedOut.contains { $0.contains(endpoint.address) }
  }
}
