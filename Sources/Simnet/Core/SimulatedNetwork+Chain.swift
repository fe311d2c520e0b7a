import BitcoinWire

extension SimulatedNetwork {
  /// Mines the blocks that all nodes have from the start. The last one creates outputs to spend.
  mutating func mineInitialChain() {
    _ = ledger.add(Block.genesis)
    for height in 0..<settings.initialHeight {
      var transactions: [Transaction] = []
      if height + 1 == settings.initialHeight {
        for mature in 1..<settings.initialHeight where height + 1 - mature >= BlockMiner.maturity {
          guard let coinbase = ledger.block(at: mature)?.transactions.first else { continue }
          ledger.coins.formUnion(inventor.add(coinbase, txid: coinbase.txid))
        }
        transactions = (0..<4).compactMap { _ in inventor.fanOut(into: 500) }
      }
      _ = mine(time: ledger.headers[height].time + 600, transactions)
      for transaction in transactions {
        for input in transaction.inputs { ledger.coins.remove(input.previous) }
        ledger.coins.formUnion(inventor.add(transaction, txid: transaction.txid))
      }
    }
    for node in 0..<settings.nodeCount { ledger.give(.block(ledger.height), to: node) }
  }

  /// Appends a block with these transactions to the chain; returns its height.
  mutating func mine(time: UInt32, _ transactions: [Transaction]) -> Int {
    let height = ledger.height + 1
    let median = ledger.headers[max(0, height - 6)].time
    let block = miner.mine(
      height: height,
      after: ledger.hashes[height - 1],
      time: max(time, ledger.headers[height - 1].time, median + 1),
      transactions
    )
    return ledger.add(block)
  }
}
