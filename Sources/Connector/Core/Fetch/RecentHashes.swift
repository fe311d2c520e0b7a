import BitcoinWire

/// The hashes met last, within bounded memory: two generations, of which the older is forgotten when the newer is
/// full.
struct RecentHashes {
  private var newer: Set<Hash256> = []
  private var older: Set<Hash256> = []
  private let capacity: Int

  /// - Parameter capacity: how many are remembered at least; twice as many at most.
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
