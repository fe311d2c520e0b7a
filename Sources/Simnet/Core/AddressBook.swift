import BitcoinWire

/// The addresses a node knows, as a rule rather than a list, so that thousands of nodes cost nothing.
///
/// As Bitcoin Core does, a node tells everybody the same sample for a day.
public struct AddressBook: Sendable, Equatable {
  /// The most addresses a node tells (`MAX_ADDR_TO_SEND`).
  static let maximumSample = 1000

  /// How many of 100 known addresses a node tells (`MAX_PCT_ADDR_TO_SEND`).
  static let samplePercent = 23

  private static let day: UInt64 = 86_400_000_000_000

  private let owner: Int
  private let seed: UInt64
  private let nodeCount: Int
  private let base: UInt32
  private let port: UInt16

  /// The book of node `owner`.
  init(owner: Int, settings: SimnetSettings) {
    self.owner = owner
    seed = settings.seed
    nodeCount = settings.nodeCount
    base = settings.base
    port = settings.port
  }

  /// How many addresses are in the book: those of all other nodes.
  public var count: Int { nodeCount - 1 }

  /// What the node answers to `getaddr`: 23 % of the book, rounded up, at most 1000.
  ///
  /// - Parameter now: ns since the Unix epoch.
  public func sample(at now: UInt64) -> [KnownNode] {
    let wanted = min(Self.maximumSample, (count * Self.samplePercent + 99) / 100)
    let day = now / Self.day
    var random = RandomSource(seed: seed &+ day, purpose: "addresses", index: UInt64(owner))
    var chosen: Set<Int> = []
    var nodes: [KnownNode] = []
    nodes.reserveCapacity(wanted)
    while nodes.count < wanted {
      let index = Int.random(in: 0..<nodeCount, using: &random)
      guard index != owner, chosen.insert(index).inserted else { continue }
      nodes.append(node(index, at: now, using: &random))
    }
    return nodes
  }

  private func node(_ index: Int, at now: UInt64, using random: inout RandomSource) -> KnownNode {
    let age = UInt32.random(in: 0..<86_400, using: &random)
    return KnownNode(
      time: UInt32(truncatingIfNeeded: now / 1_000_000_000) &- age,
      services: NodeProfile(of: index, seed: seed).services,
      endpoint: Endpoint(.ipv4(base + UInt32(index)), port: port)
    )
  }
}
