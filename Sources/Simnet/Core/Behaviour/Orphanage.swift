import BitcoinWire

/// Transactions that nodes hold back because they spend outputs that the node does not know.
public struct Orphanage: Sendable {
  /// Most transactions that a node holds back. Beyond it, the oldest is dropped (as in Bitcoin Core up to 29,
  /// -maxorphantx).
  static let maximumPerNode = 100

  private struct Orphan {
    let transaction: Transaction
    let wtxid: Hash256
  }

  private var orphans: [Int: [Orphan]] = [:]

  /// Whether a node holds back the transaction with this txid or wtxid.
  func contains(_ hash: Hash256, at node: Int) -> Bool {
    orphans[node]?.contains { $0.wtxid == hash || $0.transaction.txid == hash } ?? false
  }

  /// Holds a transaction back at a node.
  mutating func add(_ transaction: Transaction, at node: Int) {
    let wtxid = transaction.wtxid
    guard !contains(wtxid, at: node) else { return }
    orphans[node, default: []].append(Orphan(transaction: transaction, wtxid: wtxid))
    if orphans[node, default: []].count > Self.maximumPerNode { orphans[node]?.removeFirst() }
  }

  /// Removes and returns the transactions that a node held back and that spend outputs of transaction `txid`.
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

  /// Drops all transactions that a node holds back.
  mutating func forget(at node: Int) { orphans[node] = nil }
}
