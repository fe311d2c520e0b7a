import BitcoinWire

/// Which block is the newest, by the word of several peers: each has one vote, for what it announced last.
struct NewestBlock {
  private var votes: [UInt32: Hash256] = [:]
  private var counts: [Hash256: Int] = [:]
  private var known = RecentHashes(capacity: 1000)

  /// The newest, once there is one.
  private(set) var hash: Hash256?

  /// How many votes are counted: one of each peer at the most.
  var voteCount: Int { votes.count }

  /// A peer has announced a block; returns whether that is the newest from now on.
  ///
  /// - Parameter threshold: how many peers must have announced it.
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

  /// Whether a connection announced the newest block last.
  func isKnown(to connection: UInt32) -> Bool { hash != nil && votes[connection] == hash }

  /// A connection is gone, or has changed its mind.
  mutating func forget(_ connection: UInt32) {
    guard let hash = votes.removeValue(forKey: connection) else { return }
    let count = counts[hash, default: 0] - 1
    counts[hash] = count > 0 ? count : nil
  }
}
