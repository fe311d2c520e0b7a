import BitcoinWire

/// What a node says of itself that is not so.
struct Disguise: Sendable, Equatable {
  /// Seconds its clock is off.
  private(set) var skew: Int64 = 0
  /// How many blocks it is behind; with any it never learns of a new one.
  private(set) var missingBlocks: Int32 = 0
  /// Bits that it says the opposite of.
  private(set) var falseServices: ServiceFlags = []

  /// Blocks in a year, on average.
  private static let blocksPerYear: Int32 = 52_560

  /// The disguise of node `index`; nil where its kind is none.
  init?(_ kind: Neighbour?, of index: Int, seed: UInt64) {
    guard let kind, kind.isDisguise else { return nil }
    var random = RandomSource(seed: seed, purpose: "disguise", index: UInt64(index))
    switch kind {
    case .clockSkewed:
      skew = Int64.random(in: 2 * 3600...72 * 3600, using: &random) * (random.happens(percent: 50) ? 1 : -1)
    case .staleTip: missingBlocks = Int32.random(in: 2...8, using: &random) * Self.blocksPerYear
    default:
      // Whatever else is drawn, something is false.
      falseServices = ServiceFlags(rawValue: random.next()).union(.compactFilters)
    }
  }

  /// Whether it keeps blocks to itself.
  var hidesBlocks: Bool { missingBlocks > 0 }

  /// The message as the node sends it.
  func apply(to message: Message) -> Message {
    guard case .version(var version) = message else { return message }
    version.time += skew
    version.services = version.services.symmetricDifference(falseServices)
    version.startHeight = version.startHeight.map { max(0, $0 - missingBlocks) }
    return .version(version)
  }
}
