import BitcoinWire

extension Ledger {
  /// A node's decision about a transaction.
  enum Verdict: Equatable {
    /// The transaction is valid.
    case accepted
    /// Another transaction that the node has, or that is mined, spends one of the same outputs.
    case conflicting
    /// The transaction spends outputs of these transactions, which the node lacks.
    case orphaned([Hash256])
  }

  /// Decides about a transaction that a node does not have.
  ///
  /// The first transaction seen wins: none is replaced by one with a higher fee. Signatures, scripts and
  /// amounts are not checked.
  func verdict(on transaction: Transaction, txid: Hash256, at node: Int) -> Verdict {
    for input in transaction.inputs {
      for number in spenders(of: input.previous) {
        guard let other = entry(number), other.txid != txid else { continue }
        if other.isMined || other.holders.contains(node) { return .conflicting }
      }
    }
    var missing: [Hash256] = []
    for input in transaction.inputs where !exists(input.previous, at: node) {
      if !missing.contains(input.previous.txid) { missing.append(input.previous.txid) }
    }
    return missing.isEmpty ? .accepted : .orphaned(missing)
  }

  /// Whether a node knows an output, spent or not.
  ///
  /// The outputs of the nonexistent transaction with txid zero are the observers' purse: over four billion
  /// outputs that every node knows.
  private func exists(_ output: OutPoint, at node: Int) -> Bool {
    if output.txid == .zero || coins.contains(output) { return true }
    guard let number = number(txid: output.txid), let entry = entry(number), entry.holders.contains(node)
    else {
      return false
    }
    return Int(output.index) < entry.transaction.outputs.count
  }

  /// Whether a node holds back a transaction with this txid or wtxid, or has refused it.
  func isKnown(_ hash: Hash256, at node: Int) -> Bool {
    orphans.contains(hash, at: node) || refused.contains(Refusal(hash: hash, node: node))
  }

  /// Records that a node refused a transaction, under its txid and its wtxid.
  mutating func refuse(_ transaction: Transaction, at node: Int) {
    if refused.count >= Self.maximumRefused { refused = [] }
    refused.insert(Refusal(hash: transaction.txid, node: node))
    refused.insert(Refusal(hash: transaction.wtxid, node: node))
  }
}
