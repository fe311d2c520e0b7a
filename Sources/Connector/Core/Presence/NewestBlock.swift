import BitcoinWire

/// The newest block, by the votes of several peers. Each peer votes for the block it announced last.
struct NewestBlock {
  private var votes: [UInt32: Hash256] = [:]
  private var counts: [Hash256: Int] = [:]
  private var known = RecentHashes(capacity: 1000)

  /// The newest block's hash; nil until there is one.
  private(set) var hash: Hash256?

  /// The number of votes: at most one for each peer.
  var voteCount: Int { votes.count }

  /// Records a peer's announcement. Returns whether its block becomes the newest.
  ///
  /// - Parameter threshold: how many peers must announce a block before it counts.
  mutating func announced(_ hash: Hash256, by connection: UInt32, threshold: Int) -> Bool {
    guard votes[connection] != hash else { return false }
    forget(connection)
    votes[connection] = hash
    let count = counts[hash, default: 0] + 1
    counts[hash] = count
    guard count >= threshold, !known.contains(hash) else { return false }
    known.insert(hash)
    self.hash = hash
    return true
  }

  /// Whether the newest block is the last that a connection announced.
  func isKnown(to connection: UInt32) -> Bool { hash != nil && votes[connection] == hash }

  /// Removes a connection's vote.
  mutating func forget(_ connection: UInt32) {
    guard let hash = votes.removeValue(forKey: connection) else { return }
    let count = counts[hash, default: 0] - 1
    counts[hash] = count > 0 ? count : nil
  }
}
