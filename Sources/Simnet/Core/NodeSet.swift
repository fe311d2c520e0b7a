/// A set of nodes, one bit each. It holds no memory once it contains every node.
struct NodeSet: Sendable, Equatable {
  private var words: [UInt64]
  private(set) var missing: Int

  /// Creates an empty set for a network of `nodeCount` nodes.
  init(nodeCount: Int) {
    words = [UInt64](repeating: 0, count: (nodeCount + 63) / 64)
    missing = nodeCount
  }

  /// Whether the set contains every node.
  var isComplete: Bool { missing == 0 }

  func contains(_ node: Int) -> Bool { isComplete || words[node >> 6] >> (node & 63) & 1 == 1 }

  /// Adds a node. Does nothing if the set contains it.
  mutating func insert(_ node: Int) {
    guard !contains(node) else { return }
    words[node >> 6] |= 1 << (node & 63)
    missing -= 1
    if isComplete { words = [] }
  }
}
