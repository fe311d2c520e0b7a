import Glibc

/// What the search for siblings takes for granted; docs/crawler.md says why.
public struct SiblingSettings: Sendable {
  /// Pairs that are at least so likely are joined.
  public var threshold = 0.95
  /// What happens to two endpoints within this time happens to them together; ns.
  public var window: Int64 = 600_000_000_000
  /// How far back changes are read; ns.
  public var span: Int64 = 30 * Span.day
  /// The share of endpoints that have a sibling in another network.
  public var siblingShare = 0.1
  /// The share of those that have one in their own.
  public var sameNetworkShare = 0.01
  /// How often siblings come, go and are upgraded together as far as is seen.
  public var togetherShare = 0.6
  /// How often a node tells another of its addresses as its own.
  public var tellingShare = 0.3
  /// How often siblings tell of one address with the same time.
  public var sameTimeShare = 0.8
  /// How often siblings with names have the same.
  public var sameNameShare = 0.4
  /// How often siblings with autonomous systems have the same.
  public var sameSystemShare = 0.9
  /// How often siblings have one IPv4 address.
  public var sameAddressShare = 0.05

  /// Most endpoints that one rare trait makes pairs of, and most that follow an event within the window.
  public var blockSize = 64
  /// Most endpoints of one network in a group: with more it is somebody's fleet, not a node.
  public var networkLimit = 3
  /// Most endpoints, those reached last first.
  public var endpointLimit = 200_000
  /// Most changes, and most tellings, that are read, the last first.
  public var rowLimit = 4_000_000
  /// Most pairs that are looked at for one introduction, and most that are compared in all.
  public var pairLimit = 4_000_000

  /// The defaults.
  public init() {}

  /// A logarithm of odds to base 2 as a probability.
  static func probability(bits: Double) -> Double { 1 / (1 + exp2(-bits)) }
}
