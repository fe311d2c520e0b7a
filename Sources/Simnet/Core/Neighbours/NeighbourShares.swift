/// How many of a network's nodes are unpleasant, and in which way.
public struct NeighbourShares: Sendable, Equatable {
  /// Each kind's share of all nodes, from 0 to 1, in the order of the kinds.
  public let shares: [Neighbour: Double]

  /// Nobody.
  public static let none = NeighbourShares()

  private init() { shares = [:] }

  /// Reads `0.2`, all kinds alike, or `slow-loris=0.05,garbage=0.02`; nil for anything else, and for more than
  /// everybody.
  public init?(_ text: String) {
    if let share = Double(text) {
      guard (0...1).contains(share) else { return nil }
      let each = share / Double(Neighbour.allCases.count)
      shares = Dictionary(uniqueKeysWithValues: Neighbour.allCases.map { ($0, each) })
      return
    }
    var shares: [Neighbour: Double] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let kind = Neighbour(rawValue: String(sides[0])), let share = Double(sides[1]),
        (0...1).contains(share), shares.updateValue(share, forKey: kind) == nil
      else { return nil }
    }
    guard shares.values.reduce(0, +) <= 1 + 1e-9 else { return nil }
    self.shares = shares
  }

  /// What each node is; nil for those that are as they should be.
  ///
  /// The kinds have their shares of the nodes as exactly as whole nodes allow.
  func assign(nodeCount: Int, seed: UInt64) -> [Neighbour?] {
    var kinds = [Neighbour?](repeating: nil, count: nodeCount)
    guard !shares.isEmpty else { return kinds }
    var random = RandomSource(seed: seed, purpose: "neighbours")
    let nodes = Array(0..<nodeCount).shuffled(using: &random)
    var sum = 0.0
    var given = 0
    for kind in Neighbour.allCases {
      sum += shares[kind] ?? 0
      let end = min(nodeCount, Int((sum * Double(nodeCount)).rounded()))
      while given < end {
        kinds[nodes[given]] = kind
        given += 1
      }
    }
    return kinds
  }
}
