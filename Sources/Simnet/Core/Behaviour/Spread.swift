/// The spread of a new item from node to node: the arrivals so far, and the latest times at which the
/// other nodes get it.
struct Spread {
  /// Time of creation in ns since the Unix epoch.
  let start: UInt64

  /// Arrivals so far, in order of time.
  var arrivals: [Arrival] = []

  /// Number of offers that have not arrived.
  var pending = 0

  /// Whether a node has refused the item.
  var isRefused = false

  /// Earliest offered arrival at each node, in steps of 10 µs since the start.
  private var best: [UInt32]

  /// Creates the spread of an item that no node has yet.
  init(start: UInt64, nodeCount: Int) {
    self.start = start
    best = [UInt32](repeating: .max, count: nodeCount)
  }

  /// Records an offer; returns whether it is earlier than all offers before.
  mutating func improves(_ node: Int, at time: UInt64) -> Bool {
    let step = UInt32(clamping: (time - start) / 10_000)
    guard step < best[node] else { return false }
    best[node] = step
    return true
  }
}

/// The arrival of an item at a node.
public struct Arrival: Sendable, Equatable {
  /// The node's number.
  public let node: UInt32
  /// Time in ns since the item was created.
  public let after: UInt64
}
