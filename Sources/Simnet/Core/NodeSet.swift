/// A set of nodes, one bit each; nothing at all once every node is in it.
struct NodeSet: Sendable, Equatable {
  private var words: [UInt64]
  private(set) var missing: Int

  /// A set without a node of `nodeCount`.
  init(nodeCount: Int) {
    words = [UInt64](repeating: 0, count: (nodeCount + 63) / 64)
    missing = nodeCount
  }

  /// Whether every node is in it.
  var isComplete: Bool { missing == 0 }

  func contains(_ node: Int) -> Bool { isComplete || words[node >> 6] >> (node & 63) & 1 == 1 }

  /// Adds a node; does nothing where it is in the set.
  mutating func insert(_ node: Int) {
    guard !contains(node) else { return }
    words[node >> 6] |= 1 << (node & 63)
    missing -= 1
    if isComplete { words = [] }
  }
}
