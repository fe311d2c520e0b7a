import BitcoinWire

extension Conversation {
  /// How many blocks below the node's last one a block may be to be sent in compact form (`MAX_CMPCTBLOCK_DEPTH`).
  static let compactDepth = 5

  /// How many for transactions of it to be sent (`MAX_BLOCKTXN_DEPTH`).
  static let blockTransactionsDepth = 10

  /// A block in compact form; whole, where it is old.
  mutating func compactBlock(_ hash: Hash256, _ ledger: Ledger) -> Message? {
    guard let height = ledger.height(of: hash, at: node.index), let block = ledger.block(at: height) else {
      return nil
    }
    guard height >= ledger.tip(of: node.index) - Self.compactDepth else { return .block(block) }
    return .cmpctblock(CompactBlockMessage(block, nonce: random.next()))
  }

  /// Answers `getblocktxn`: with the transactions, or, where the block is old, with all of it.
  mutating func answer(_ request: GetBlockTransactionsMessage, _ ledger: Ledger) -> [Action] {
    guard let height = ledger.height(of: request.block, at: node.index), let block = ledger.block(at: height)
    else { return [] }
    guard request.indexes.allSatisfy({ Int($0) < block.transactions.count }) else {
      return [.close("getblocktxn of more transactions than there are")]
    }
    guard height >= ledger.tip(of: node.index) - Self.blockTransactionsDepth else {
      return [.send(.block(block))]
    }
    let transactions = request.indexes.map { block.transactions[Int($0)] }
    return [.send(.blocktxn(BlockTransactionsMessage(block: request.block, transactions: transactions)))]
  }
}

extension CompactBlockMessage {
  /// The compact form of a block: only the coinbase is sent along.
  init(_ block: Block, nonce: UInt64) {
    let hasher = ShortIDHasher(header: block.header, nonce: nonce)
    self.init(
      header: block.header,
      nonce: nonce,
      shortIDs: block.transactions.dropFirst().map { hasher.shortID($0.wtxid) },
      prefilled: [Prefilled(index: 0, transaction: block.transactions[0])]
    )
  }
}
