import BitcoinWire

/// Transactions that nodes hold back because they spend outputs of others that the node does not have.
public struct Orphanage: Sendable {
  /// The most that a node holds back; of more, the oldest is forgotten (as Bitcoin Core up to 29 does, -maxorphantx).
  static let maximumPerNode = 100

  private struct Orphan {
    let transaction: Transaction
    let wtxid: Hash256
  }

  private var orphans: [Int: [Orphan]] = [:]

  /// Whether a node holds a transaction back, by either of its names.
  func contains(_ hash: Hash256, at node: Int) -> Bool {
    orphans[node]?.contains { $0.wtxid == hash || $0.transaction.txid == hash } ?? false
  }

  /// Has a node hold a transaction back.
  mutating func add(_ transaction: Transaction, at node: Int) {
    let wtxid = transaction.wtxid
    guard !contains(wtxid, at: node) else { return }
    orphans[node, default: []].append(Orphan(transaction: transaction, wtxid: wtxid))
    if orphans[node, default: []].count > Self.maximumPerNode { orphans[node]?.removeFirst() }
  }

  /// Takes out what a node held back for want of a transaction.
  mutating func release(for txid: Hash256, at node: Int) -> [Transaction] {
    guard let held = orphans[node] else { return [] }
    let (rest, released) = held.reduce(into: ([Orphan](), [Transaction]())) {
      if $1.transaction.inputs.contains(where: { $0.previous.txid == txid }) {
        $0.1.append($1.transaction)
      } else {
        $0.0.append($1)
      }
    }
    if !released.isEmpty { orphans[node] = rest.isEmpty ? nil : rest }
    return released
  }

  /// Forgets what a node holds back.
  mutating func forget(at node: Int) { orphans[node] = nil }
}
