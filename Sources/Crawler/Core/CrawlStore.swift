import BitcoinWire
import ControlProtocol

/// What one attempt to reach a node came to.
public struct CrawlAttempt: Sendable {
  /// The address and port that were dialled.
  public let endpoint: Endpoint
  /// When it was known, seconds since the Unix epoch.
  public let time: Double
  /// What it came to.
  public let state: NodeState
  /// Nanoseconds until the system had connected; nil where it had not.
  public let connectDuration: UInt64?
  /// Nanoseconds until the handshake was done; nil where it was not.
  public let handshakeDuration: UInt64?
  /// What the node said of itself; nil where the handshake was not done.
  public let introduction: PeerIntroduction?
}

/// Addresses that a node told of in one message.
public struct CrawlTelling: Sendable {
  /// Who told; nil where it is not known any more.
  public let advertiser: Endpoint?
  /// When, seconds since the Unix epoch.
  public let time: Double
  /// Whether it is the answer to our `getaddr`; otherwise it is gossip.
  public let isAnswer: Bool
  /// What was told, as it was told.
  public let nodes: [KnownNode]

  /// Describes a telling.
  public init(advertiser: Endpoint?, time: Double, isAnswer: Bool, nodes: [KnownNode]) {
    self.advertiser = advertiser
    self.time = time
    self.isAnswer = isAnswer
    self.nodes = nodes
  }
}

/// A candidate that earlier crawls knew.
public struct StoredCandidate: Sendable {
  /// The address and port.
  public var endpoint: Endpoint
  /// When it was last told, seconds since the Unix epoch.
  public var lastHeard: UInt32
  /// When it was last tried, seconds since the Unix epoch; 0 for never.
  public var lastTried: UInt32
  /// When it was last reached, seconds since the Unix epoch; 0 for never.
  public var lastReached: UInt32
  /// Failures in a row.
  public var failures: UInt8

  /// Describes a candidate.
  public init(
    _ endpoint: Endpoint,
    lastHeard: UInt32 = 0,
    lastTried: UInt32 = 0,
    lastReached: UInt32 = 0,
    failures: UInt8 = 0
  ) {
    self.endpoint = endpoint
    self.lastHeard = lastHeard
    self.lastTried = lastTried
    self.lastReached = lastReached
    self.failures = failures
  }
}

/// Where a crawl begins, and where it keeps what it finds.
public protocol CrawlStore: AnyObject {
  /// Tells each candidate that earlier crawls knew, the likeliest first.
  func load(_ body: (StoredCandidate) -> Void) throws

  /// Keeps what attempts came to, in the order in which it was known.
  func record(_ attempts: [CrawlAttempt]) throws

  /// Keeps who told which addresses, in the order in which it was told.
  func record(_ tellings: [CrawlTelling]) throws
}

/// A store that ends with the program: the last attempt at each address that was tried.
public final class MemoryCrawlStore: CrawlStore {
  /// The last attempt at each address.
  public private(set) var attempts: [Endpoint: CrawlAttempt] = [:]
  /// How many attempts there were.
  public private(set) var attemptCount = 0
  /// How many addresses were told, those told before too.
  public private(set) var toldCount = 0

  /// Creates an empty store.
  public init() {}

  /// Tells each address that was tried.
  public func load(_ body: (StoredCandidate) -> Void) {
    for attempt in attempts.values {
      let time = UInt32(attempt.time)
      let isReached = attempt.state == .reachable
      body(
        StoredCandidate(
          attempt.endpoint,
          lastHeard: time,
          lastTried: time,
          lastReached: isReached ? time : 0,
          failures: isReached ? 0 : 1
        )
      )
    }
  }

  /// Keeps the last attempt at each address.
  public func record(_ attempts: [CrawlAttempt]) {
    attemptCount += attempts.count
    for attempt in attempts { self.attempts[attempt.endpoint] = attempt }
  }

  /// Counts what was told.
  public func record(_ tellings: [CrawlTelling]) {
    for telling in tellings { toldCount += telling.nodes.count }
  }
}
