import BitcoinWire
import Observations

/// What one attempt to reach a node came to.
public struct CrawlAttempt: Sendable {
  /// The address and port that were dialled.
  public let endpoint: Endpoint
  /// When it was known, seconds since the Unix epoch.
  public let time: Double
  /// What it came to.
  public let state: NodeState
  /// What ended it before the handshake was done; nil if it was done.
  public let outcome: Outcome?
  /// Nanoseconds until the system had connected; nil where it had not.
  public let connectDuration: UInt64?
  /// Nanoseconds until the handshake was done; nil where it was not.
  public let handshakeDuration: UInt64?
  /// What the node said of itself; nil where the handshake was not done.
  public let introduction: PeerIntroduction?
}

/// What was new of the addresses that a node told of in one message: addresses that were not known, and those that
/// none, or few, of its network group had told of (`CrawlSettings.sourceLimit`).
public struct CrawlTelling: Sendable {
  /// Who told; nil where it is not known any more.
  public let advertiser: Endpoint?
  /// When, seconds since the Unix epoch.
  public let time: Double
  /// What was told, as it was told.
  public let nodes: [KnownNode]
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
