import BitcoinWire

/// Which peers of a node are told on of an address: the same ones all day, whoever tells it, so that nobody can have it
/// told to all by saying it again (`RelayAddress`).
struct RelayTurn {
  /// Makes the order of the peers.
  let key: UInt64

  /// How many are told: two, or one where the node cannot reach such addresses and does not trust them.
  let count: Int

  /// A number by which peers are ordered, the highest first.
  ///
  /// - Parameter peer: a node's number, or one above all of them.
  func rank(of peer: UInt64) -> UInt64 { RandomSource.mixed(key ^ RandomSource.mixed(peer)) }

  /// The nodes among these whose turn it is.
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

  /// Whether it is the turn of a peer that is no node, among these nodes.
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
