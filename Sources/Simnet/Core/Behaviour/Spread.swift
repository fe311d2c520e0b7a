/// How something new gets from node to node: who has it since when, and when the others will get it at the latest.
struct Spread {
  /// When it was new, in ns.
  let start: UInt64

  /// Nodes that have it and since when, the earliest first.
  var arrivals: [Arrival] = []

  /// How many offers have been made and not come yet.
  var pending = 0

  /// Whether a node refused it.
  var isRefused = false

  /// When each node gets it by the offers made so far, in steps of 10 µs since the start.
  private var best: [UInt32]

  /// Begins to spread something among nodes.
  init(start: UInt64, nodeCount: Int) {
    self.start = start
    best = [UInt32](repeating: .max, count: nodeCount)
  }

  /// Notes an offer, and returns whether it is worth while: none that comes earlier has been made.
  mutating func improves(_ node: Int, at time: UInt64) -> Bool {
    let step = UInt32(clamping: (time - start) / 10_000)
    guard step < best[node] else { return false }
    best[node] = step
    return true
  }
}

/// A node gets something.
public struct Arrival: Sendable, Equatable {
  /// Which node.
  public let node: UInt32
  /// How long it had been there, in ns.
  public let after: UInt64
}
