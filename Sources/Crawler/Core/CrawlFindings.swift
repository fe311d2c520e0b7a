import BitcoinWire
import Observations

/// The result of one attempt to reach a node.
public struct CrawlAttempt: Sendable {
  /// The address and port that were dialled.
  public let endpoint: Endpoint
  /// When it ended, in seconds since the Unix epoch.
  public let time: Double
  /// The resulting state.
  public let state: NodeState
  /// The reason why it ended before the handshake was done; nil if the handshake was done.
  public let outcome: Outcome?
  /// Nanoseconds to connect; nil if it failed.
  public let connectDuration: UInt64?
  /// Nanoseconds to the end of the handshake; nil if it was not done.
  public let handshakeDuration: UInt64?
  /// The node's introduction; nil if the handshake was not done.
  public let introduction: PeerIntroduction?
}

/// The new advertisements of one message: addresses that were unknown, and those that at most a few network
/// groups had advertised (`CrawlSettings.sourceLimit`).
public struct CrawlTelling: Sendable {
  /// The advertising node; nil if it is unknown by now.
  public let advertiser: Endpoint?
  /// When the message came, in seconds since the Unix epoch.
  public let time: Double
  /// The advertised nodes, as in the message.
  public let nodes: [KnownNode]
}

/// A candidate from earlier crawls.
public struct StoredCandidate: Sendable {
  /// The address and port.
  public var endpoint: Endpoint
  /// When it was last advertised, in seconds since the Unix epoch.
  public var lastHeard: UInt32
  /// When it was last tried, in seconds since the Unix epoch; 0 for never.
  public var lastTried: UInt32
  /// When it was last reached, in seconds since the Unix epoch; 0 for never.
  public var lastReached: UInt32
  /// Consecutive failures.
  public var failures: UInt8

  /// Creates a candidate.
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
