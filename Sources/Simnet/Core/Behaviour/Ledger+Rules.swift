import BitcoinWire

extension Ledger {
  /// What a node thinks of a transaction.
  enum Verdict: Equatable {
    /// It is fine.
    case accepted
    /// It spends what another one that the node has spends too.
    case conflicting
    /// It spends outputs of these, which the node does not have.
    case orphaned([Hash256])
  }

  /// What a node thinks of a transaction that it does not have.
  ///
  /// The first one seen wins: nothing is replaced by what pays more. Signatures, scripts and amounts are not looked
  /// at.
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
  /// The outputs of the transaction that nobody ever made, whose name is zero, are the observers' purse: there are
  /// four thousand million of them, known everywhere.
  private func exists(_ output: OutPoint, at node: Int) -> Bool {
    if output.txid == .zero || coins.contains(output) { return true }
    guard let number = number(txid: output.txid), let entry = entry(number), entry.holders.contains(node)
    else {
      return false
    }
    return Int(output.index) < entry.transaction.outputs.count
  }

  /// Whether a node would take no transaction of this name, as it has it, holds it back or refused it.
  func isKnown(_ hash: Hash256, at node: Int) -> Bool {
    orphans.contains(hash, at: node) || refused.contains(Refusal(hash: hash, node: node))
  }

  /// Notes that a node refused a transaction, by both its names.
  mutating func refuse(_ transaction: Transaction, at node: Int) {
    if refused.count >= Self.maximumRefused { refused = [] }
    refused.insert(Refusal(hash: transaction.txid, node: node))
    refused.insert(Refusal(hash: transaction.wtxid, node: node))
  }
}
