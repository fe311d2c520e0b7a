import BitcoinWire
import Bytes
import Foundation
import Testing

/// A node's answers to requests for its blocks.
extension RealNodeWireTests {
  @Test(.timeLimit(.minutes(10))) func hearsBlocksInEveryForm() throws {
    let node = try BitcoinNode(at: "127.47.0.7", ["-peerbloomfilters=1"])
    var wallet = try Wallet(node, coinbases: 1)
    let first = wallet.spendCoinbase()
    let second = Wallet.spendWitness(of: first)
    for transaction in [first, second] {
      #expect(
        try node.call("sendrawtransaction", Hexadecimal.text(transaction.bytes)) == "\(transaction.txid)"
      )
    }
    _ = try node.mine(1)
    let tip = try node.best()
    let expected = try node.block(tip.description)
    #expect(Set(expected.transactions.dropFirst()) == [first, second])

    let peer = try WirePeer(to: node.endpoint)
    _ = try peer.shakeHands()
    let locator = LocatorMessage(version: 70017, locator: [Network.regtest.genesisHash])
    let headers = try #require(peer.answers(to: .getheaders(locator)).lazy.compactMap(\.headers).first)
    #expect(headers.map(\.hash).last == tip)
    #expect(headers.map(\.previous) == [Network.regtest.genesisHash] + headers.dropLast().map(\.hash))
    #expect(headers.count == Wallet.height + 1)
    let inventory = try #require(peer.answers(to: .getblocks(locator)).lazy.compactMap(\.inventory).first)
    #expect(inventory == headers.map { InventoryItem(.block, $0.hash) })

    // Blocks with and without witnesses, and a transaction that does not exist.
    let unknown = InventoryItem(.witnessTx, tip)
    let answers = try peer.answers(
      to: .getdata(
        InventoryMessage(items: [unknown, InventoryItem(.witnessBlock, tip), InventoryItem(.block, tip)])
      )
    )
    #expect(answers.count == 3)
    #expect(answers.contains(.notfound(InventoryMessage(items: [unknown]))))
    let blocks = answers.compactMap(\.block)
    #expect(blocks.map(\.header) == [expected.header, expected.header])
    #expect(blocks.first == expected)
    #expect(blocks.last?.transactions.map(\.txid) == expected.transactions.map(\.txid))
    #expect(blocks.last?.transactions.contains(where: \.hasWitness) == false)

    // A compact block, and its missing transactions.
    let compact = try #require(
      peer.answers(to: .getdata(InventoryMessage(items: [InventoryItem(.compactBlock, tip)]))).lazy
        .compactMap(\.compactBlock).first
    )
    #expect(compact.header == expected.header)
    #expect(compact.prefilled.map(\.index) == [0])
    #expect(compact.prefilled.map(\.transaction) == [expected.transactions[0]])
    #expect(
      compact.shortIDs == expected.transactions.dropFirst().map { compact.shortIDHasher.shortID($0.wtxid) }
    )
    let rest = try peer.answers(to: .getblocktxn(GetBlockTransactionsMessage(block: tip, indexes: [0, 2])))
    let transactions = [expected.transactions[0], expected.transactions[2]]
    #expect(rest == [.blocktxn(BlockTransactionsMessage(block: tip, transactions: transactions))])
    // The node sends an old block whole instead of compact.
    let old = headers[20].hash
    let whole = try peer.answers(
      to: .getdata(InventoryMessage(items: [InventoryItem(.compactBlock, old)])),
      .getblocktxn(GetBlockTransactionsMessage(block: old, indexes: [0]))
    )
    #expect(whole.compactMap(\.block) == [try node.block(old.description), try node.block(old.description)])

    try expectFilteredBlocks(of: expected, spending: first, in: second, from: peer)
    try expectNoFault(node, peers: 1)
  }

  /// A light client gets the transactions that match its filter, and no others.
  private func expectFilteredBlocks(
    of block: Block,
    spending first: Transaction,
    in second: Transaction,
    from peer: WirePeer
  ) throws {
    let request = Message.getdata(InventoryMessage(items: [InventoryItem(.filteredBlock, block.header.hash)]))
    func expect(_ wanted: [Transaction], _ messages: Message...) throws {
      for message in messages { #expect(try peer.answers(to: message) == []) }
      let answers = try peer.answers(to: request)
      guard case .merkleblock(let proof) = answers.first else {
        Issue.record("no merkleblock in \(answers.map(\.command))")
        return
      }
      let wanted = block.transactions.enumerated().filter { wanted.contains($1) }
      #expect(proof.header == block.header)
      #expect(proof.matches == wanted.map { .init(index: $0.offset, txid: $0.element.txid) })
      #expect(answers.dropFirst().compactMap(\.transaction).map(\.txid) == wanted.map(\.element.txid))
    }
    func add(_ element: [UInt8]) -> Message { .filteradd(FilterAddMessage(element: element)) }
    let nothing = FilterLoadMessage(
      filter: [UInt8](repeating: 0, count: FilterLoadMessage.maximumFilter),
      hashFunctions: 20,
      tweak: 0x1234_5678,
      flags: 0
    )
    // The node computes the filter's content.
    try expect([], .filterload(nothing))
    try expect([first], add(first.txid.bytes.array))
    var spent = first.txid.bytes.array
    spent.appendLittle(0 as UInt32)
    try expect([first, second], add(spent))
    try expect([second], .filterload(nothing), add(second.txid.bytes.array))
    var everything = nothing
    everything.filter = [UInt8](repeating: 0xff, count: 8)
    try expect(block.transactions, .filterload(everything))
    #expect(try peer.answers(to: .filterclear, request) == [])
  }

  @Test(.timeLimit(.minutes(10))) func hearsCompactFilters() throws {
    let node = try BitcoinNode(at: "127.47.0.8", ["-blockfilterindex=1", "-peerblockfilters=1"])
    let hashes = try node.mine(1005)
    try node.wait(for: "the index of filters") {
      let index = try node.object("getindexinfo")["basic block filter index"] as? [String: Any]
      return index?["best_block_height"] as? Int == hashes.count
    }
    func filter(_ height: Int) throws -> (filter: String, header: String) {
      let filter = try node.object(
        "getblockfilter",
        height == 0 ? "\(Network.regtest.genesisHash)" : hashes[height - 1]
      )
      return (filter["filter"] as? String ?? "", filter["header"] as? String ?? "")
    }
    let tip = try #require(Hash256(hashes.last!))
    let peer = try WirePeer(to: node.endpoint)
    _ = try peer.shakeHands()

    let points = try peer.answers(to: .getcfcheckpt(GetCompactFilterCheckpointsMessage(stop: tip)))
    guard case .cfcheckpt(let checkpoints) = points.first else {
      Issue.record("no cfcheckpt: \(points)")
      return
    }
    #expect(checkpoints.stop == tip)
    #expect(checkpoints.filterHeaders.map(\.description) == [try filter(1000).header])

    let range = CompactFilterRangeMessage(startHeight: 1, stop: tip)
    let lists = try peer.answers(to: .getcfheaders(range))
    guard case .cfheaders(let headers) = lists.first else {
      Issue.record("no cfheaders: \(lists)")
      return
    }
    #expect(headers.stop == tip)
    #expect(headers.previous.description == (try filter(0).header))
    #expect(headers.filterHashes.count == hashes.count)
    let chain = headers.filterHashes.reduce(into: [headers.previous]) { $0.append(Hash256($1, $0.last!)) }
    #expect(chain[1000] == checkpoints.filterHeaders[0])
    #expect(chain.last?.description == (try filter(1005).header))

    let filters = try peer.answers(to: .getcfilters(CompactFilterRangeMessage(startHeight: 996, stop: tip)))
    #expect(filters.count == 10)
    for (height, message) in zip(996..., filters) {
      guard case .cfilter(let filtered) = message else {
        Issue.record("not a cfilter: \(message)")
        return
      }
      #expect(filtered.block.description == hashes[height - 1])
      #expect(Hexadecimal.text(filtered.filter) == (try filter(height).filter))
      #expect(filtered.filterHash == headers.filterHashes[height - 1])
      #expect(filtered.filterHeader(after: chain[height - 1]) == chain[height])
    }
    try expectNoFault(node, peers: 1)
  }
}

extension Message {
  fileprivate var headers: [BlockHeader]? {
    if case .headers(let message) = self { message.headers } else { nil }
  }

  fileprivate var inventory: [InventoryItem]? {
    if case .inv(let message) = self { message.items } else { nil }
  }

  fileprivate var block: Block? { if case .block(let block) = self { block } else { nil } }

  fileprivate var transaction: Transaction? {
    if case .tx(let transaction) = self { transaction } else { nil }
  }

  fileprivate var compactBlock: CompactBlockMessage? {
    if case .cmpctblock(let message) = self { message } else { nil }
  }
}
