import BitcoinWire

extension SimulatedNetwork {
  /// Handles an observer's transaction at a node; returns the resulting events.
  ///
  /// If it spends only outputs that the node knows, and none twice, it spreads from there and goes into a
  /// block. If it spends unknown outputs, the node holds it back until their transactions come.
  mutating func take(_ transaction: Transaction, at node: Int, time: UInt64) -> [Event] {
    receive(transaction, at: node, time)
    return takeEvents()
  }

  /// Decides about a transaction from outside at a node.
  mutating func receive(_ transaction: Transaction, at node: Int, _ time: UInt64) {
    let txid = transaction.txid
    let known = ledger.number(txid: txid)
    guard known.map({ !ledger.has($0, at: node) }) ?? true else { return }
    switch ledger.verdict(on: transaction, txid: txid, at: node) {
    case .conflicting: refuse(transaction, at: node, time)
    case .orphaned: ledger.orphans.add(transaction, at: node)
    case .accepted:
      if let known { return hold(.transaction(known), at: node, time) }
      let number = ledger.add(transaction, origin: node, isForeign: true)
      if settings.blockInterval > 0 { unmined.append(number) }
      forgetOld(all: settings.blockInterval <= 0)
      spread(.transaction(number), from: node, at: time)
    }
  }

  /// Removes from the transactions waiting for a block those that a node can put into the next one, and
  /// returns them with parents before children. Drops transactions that no block can contain any more.
  mutating func takeMineable(at node: Int) -> [Int] {
    var taken: [Int] = []
    var left: [Int] = []
    var waiting: Set<Hash256> = []
    for number in unmined {
      guard let entry = ledger.entry(number), !entry.isMined else { continue }
      let spent = entry.transaction.inputs.map(\.previous)
      let isReady = ledger.has(number, at: node) && !spent.contains { waiting.contains($0.txid) }
      guard isReady else {
        waiting.insert(entry.txid)
        left.append(number)
        continue
      }
      taken.append(number)
      ledger.markMined(number, at: ledger.height + 1)
      // Other transactions that spend the same outputs will be in no block, nor will their descendants.
      var dead = spent.flatMap { ledger.spenders(of: $0) }.filter { $0 != number }
      while let number = dead.popLast() {
        guard let entry = ledger.entry(number), !entry.isMined else { continue }
        ledger.markMined(number)
        for index in entry.transaction.outputs.indices {
          dead += ledger.spenders(of: OutPoint(txid: entry.txid, index: UInt32(index)))
        }
      }
      for output in spent { ledger.coins.remove(output) }
    }
    unmined = left.filter { ledger.entry($0)?.isMined == false }
    return taken
  }
}

extension Transaction {
  /// Virtual size in bytes: a quarter of the weight, rounded up (BIP141).
  var virtualSize: Int { (3 * withoutWitness.bytes.count + bytes.count + 3) / 4 }
}
