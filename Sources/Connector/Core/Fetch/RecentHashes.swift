import BitcoinWire

/// The most recent hashes, in bounded memory. They are kept in two generations; the older one is dropped when
/// the newer one is full.
struct RecentHashes {
  private var newer: Set<Hash256> = []
  private var older: Set<Hash256> = []
  private let capacity: Int

  /// - Parameter capacity: the hashes remembered at least; at most twice as many are.
  init(capacity: Int) { self.capacity = capacity }

  func contains(_ hash: Hash256) -> Bool { newer.contains(hash) || older.contains(hash) }

  mutating func insert(_ hash: Hash256) {
    guard !newer.contains(hash) else { return }
    if newer.count >= capacity {
      older = newer
      newer = []
    }
    newer.insert(hash)
  }
}
