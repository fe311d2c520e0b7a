import BitcoinWire

extension Conversation {
  /// Most blocks that a block may lie below the node's tip to be sent in compact form
  /// (`MAX_CMPCTBLOCK_DEPTH`).
  static let compactDepth = 5

  /// Most blocks that a block may lie below the node's tip for `blocktxn` (`MAX_BLOCKTXN_DEPTH`).
  static let blockTransactionsDepth = 10

  /// Returns a block in compact form, or whole if it is too old; nil if the node does not have it.
  mutating func compactBlock(_ hash: Hash256, _ ledger: Ledger) -> Message? {
    guard let height = ledger.height(of: hash, at: node.index), let block = ledger.block(at: height) else {
      return nil
    }
    guard height >= ledger.tip(of: node.index) - Self.compactDepth else { return .block(block) }
    return .cmpctblock(CompactBlockMessage(block, nonce: random.next()))
  }

  /// Answers `getblocktxn` with the transactions, or with the whole block if it is too old.
  mutating func answer(_ request: GetBlockTransactionsMessage, _ ledger: Ledger) -> [Action] {
    guard let height = ledger.height(of: request.block, at: node.index), let block = ledger.block(at: height)
    else { return [] }
    guard request.indexes.allSatisfy({ Int($0) < block.transactions.count }) else {
      return [.close("getblocktxn with an index beyond the block's transactions")]
    }
    guard height >= ledger.tip(of: node.index) - Self.blockTransactionsDepth else {
      return [.send(.block(block))]
    }
    let transactions = request.indexes.map { block.transactions[Int($0)] }
    return [.send(.blocktxn(BlockTransactionsMessage(block: request.block, transactions: transactions)))]
  }
}

extension CompactBlockMessage {
  /// Creates the compact form of a block. Only the coinbase is prefilled.
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
