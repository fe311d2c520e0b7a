import BitcoinWire

/// False claims in a node's `version`.
struct Disguise: Sendable, Equatable {
  /// Seconds by which its clock is wrong.
  private(set) var skew: Int64 = 0
  /// Number of blocks it claims to lack. If above 0, it never announces a new block.
  private(set) var missingBlocks: Int32 = 0
  /// Service bits that it inverts.
  private(set) var falseServices: ServiceFlags = []

  /// Blocks in a year, on average.
  private static let blocksPerYear: Int32 = 52_560

  /// Creates the disguise of node `index`; nil if its kind has none.
  init?(_ kind: Neighbour?, of index: Int, seed: UInt64) {
    guard let kind, kind.isDisguise else { return nil }
    var random = RandomSource(seed: seed, purpose: "disguise", index: UInt64(index))
    switch kind {
    case .clockSkewed:
      skew = Int64.random(in: 2 * 3600...72 * 3600, using: &random) * (random.happens(percent: 50) ? 1 : -1)
    case .staleTip: missingBlocks = Int32.random(in: 2...8, using: &random) * Self.blocksPerYear
    default:
      // Compact filters are always inverted, so that at least one bit is false.
      falseServices = ServiceFlags(rawValue: random.next()).union(.compactFilters)
    }
  }

  /// Whether it never announces blocks.
  var hidesBlocks: Bool { missingBlocks > 0 }

  /// Applies the disguise to an outgoing message; only `version` changes.
  func apply(to message: Message) -> Message {
    guard case .version(var version) = message else { return message }
    version.time += skew
    version.services = version.services.symmetricDifference(falseServices)
    version.startHeight = version.startHeight.map { max(0, $0 - missingBlocks) }
    return .version(version)
  }
}
