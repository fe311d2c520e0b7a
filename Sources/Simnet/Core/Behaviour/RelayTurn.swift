import BitcoinWire

/// Selects the peers to which a node relays an address. They stay the same all day, so that repeating an
/// address does not spread it to more peers (`RelayAddress`).
struct RelayTurn {
  /// Determines the order of the peers.
  let key: UInt64

  /// Number of selected peers: two, or one for half of the addresses on networks that the node cannot reach.
  let count: Int

  /// The rank of a peer; the highest ranks are selected.
  ///
  /// - Parameter peer: a node's number, or one above all of them.
  func rank(of peer: UInt64) -> UInt64 { RandomSource.mixed(key ^ RandomSource.mixed(peer)) }

  /// The selected nodes among `nodes`.
  func first(of nodes: [Int]) -> [Int] {
    var best: [(rank: UInt64, node: Int)] = []
    for node in nodes {
      let rank = rank(of: UInt64(node))
      if best.count == count, rank < best[count - 1].rank { continue }
      best.append((rank, node))
      best.sort { $0.rank > $1.rank }
      if best.count > count { best.removeLast() }
    }
    return best.map(\.node)
  }

  /// Whether a peer that is not a node is selected among these nodes.
  func includes(_ peer: UInt64, among nodes: [Int]) -> Bool {
    let rank = rank(of: peer)
    var better = 0
    for node in nodes where self.rank(of: UInt64(node)) > rank {
      better += 1
      if better == count { return false }
    }
    return true
  }
}
