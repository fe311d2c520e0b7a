/// The share of a network's nodes that are unpleasant, for each kind.
public struct NeighbourShares: Sendable, Equatable {
  /// Share of all nodes for each kind, 0 to 1.
  public let shares: [Neighbour: Double]

  /// No unpleasant nodes.
  public static let none = NeighbourShares()

  private init() { shares = [:] }

  /// Parses `0.2`, shared equally by all kinds, or `slow-loris=0.05,garbage=0.02`. Returns nil for any other
  /// text, and if the sum exceeds 1.
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

  /// The kind of each node; nil for normal nodes.
  ///
  /// Each kind gets its share as exactly as whole nodes allow.
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
