import BitcoinWire

extension SimulatedNetwork {
  /// Takes an observer's transaction at a node.
  ///
  /// Where it spends only what the node knows to exist and nothing twice, it spreads from there and gets into a block;
  /// where it spends what the node lacks, the node holds it back until that comes.
  mutating func take(_ transaction: Transaction, at node: Int, time: UInt64) -> [Event] {
    receive(transaction, at: node, time)
    return takeEvents()
  }

  /// Has a node decide about a transaction that came from outside.
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

  /// Takes out of what waits for a block whatever a node has and can put into the next, in an order in which nothing
  /// is spent before it is there; forgets what can be in no block any more.
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
      // Whatever else spends the same will be in no block, nor what spends of that.
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
  /// A quarter of its weight, rounded up (BIP141).
  var virtualSize: Int { (3 * withoutWitness.bytes.count + bytes.count + 3) / 4 }
}
