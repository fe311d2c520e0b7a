import Glibc

/// The assumptions and limits of the search for siblings; docs/crawler.md explains them.
public struct SiblingSettings: Sendable {
  /// The lowest confidence of pairs that are joined.
  public var threshold = 0.95
  /// Changes within this time count as simultaneous, in ns.
  public var window: Int64 = 600_000_000_000
  /// The age of the oldest changes that are read, in ns.
  public var span: Int64 = 30 * Span.day
  /// The share of endpoints that have a sibling in another network.
  public var siblingShare = 0.1
  /// The share of endpoints that have a sibling in their own network.
  public var sameNetworkShare = 0.01
  /// The share of changes that are observed at both siblings at the same time.
  public var togetherShare = 0.6
  /// The share of sibling pairs in which one advertises the other as its own address.
  public var tellingShare = 0.3
  /// The share of addresses advertised by both siblings that have the same time.
  public var sameTimeShare = 0.8
  /// The share of siblings with host names that have the same name.
  public var sameNameShare = 0.4
  /// The share of siblings with autonomous systems that are in the same one.
  public var sameSystemShare = 0.9
  /// The share of siblings that have the same IPv4 address.
  public var sameAddressShare = 0.05

  /// Most endpoints that may share a trait to be paired by it, and most later events paired with one event.
  public var blockSize = 64
  /// Most endpoints of one network in a group. A larger group is an operator's fleet rather than a node.
  public var networkLimit = 3
  /// Most endpoints to read, the most recently reached first.
  public var endpointLimit = 200_000
  /// Most changes to read, and most advertisements, the newest first.
  public var rowLimit = 4_000_000
  /// Most pairs weighed for one introduction, and most pairs compared in all.
  public var pairLimit = 4_000_000

  /// Creates the default settings.
  public init() {}

  /// The probability that corresponds to a binary logarithm of odds.
  static func probability(bits: Double) -> Double { 1 / (1 + exp2(-bits)) }
}
