import BitcoinWire

/// How peers are asked for addresses in rounds (`netmine getaddr`): between rounds nobody is asked.
public struct CrawlRounds: Sendable {
  /// How often a connection is asked in a round, 1 or more. Most nodes answer once in a connection.
  public var askLimit = 1
  /// Seconds from an answer until the same connection is asked again.
  public var askPause = 10.0
  /// The probability, 0 to 1, that a new address is remembered while `sampledFrom` or more are known.
  public var samplingRate = 1.0
  /// The number of known addresses from which on new ones are sampled.
  public var sampledFrom = 1000
  /// The nodes to ask; nil for all.
  public var asked: Set<Endpoint>?

  /// Creates the defaults.
  public init() {}
}
