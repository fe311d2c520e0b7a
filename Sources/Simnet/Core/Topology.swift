/// The connections between a network's nodes.
public struct Topology: Sendable, Equatable {
  /// Each node's neighbours in ascending order: those it connected to and those that connected to it.
  public let neighbours: [[Int]]

  /// The neighbours that each node connected to, in ascending order.
  public let outbound: [[Int]]

  /// Draws a connected network in which every node connects to `outboundCount` others, or to all others if
  /// there are fewer.
  ///
  /// Each node but the first connects to an earlier one, so that there is a path between any two.
  public init(nodeCount: Int, outbound outboundCount: Int, seed: UInt64) {
    var random = RandomSource(seed: seed, purpose: "topology")
    var links = [Set<Int>](repeating: [], count: nodeCount)
    var outbound: [[Int]] = []
    for node in 0..<nodeCount {
      var chosen: Set<Int> = node > 0 ? [Int.random(in: 0..<node, using: &random)] : []
      while chosen.count < min(outboundCount, nodeCount - 1) {
        let other = Int.random(in: 0..<nodeCount, using: &random)
        if other != node { chosen.insert(other) }
      }
      for other in chosen {
        links[node].insert(other)
        links[other].insert(node)
      }
      outbound.append(chosen.sorted())
    }
    self.outbound = outbound
    neighbours = links.map { $0.sorted() }
  }
}
