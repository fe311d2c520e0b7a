import BitcoinWire
import Bytes
import Foundation
import Testing

/// How a node sends and accepts new transactions and blocks.
extension RealNodeWireTests {
  @Test(.timeLimit(.minutes(10))) func givesTransactionsThatTheNodeRelays() throws {
    let node = try BitcoinNode(at: "127.47.0.9", ["-peerbloomfilters=1"])
    var wallet = try Wallet(node, coinbases: 2)
    let giver = try WirePeer(to: node.endpoint)
    _ = try giver.shakeHands()
    let taker = try WirePeer(to: node.endpoint)
    _ = try taker.shakeHands()
    let old = try WirePeer(to: node.endpoint)
    _ = try old.shakeHands(offering: [])

    // One transaction announced, requested and sent; one with a witness sent unrequested; one announced and
    // not available.
    let first = wallet.spendCoinbase()
    let second = Wallet.spendWitness(of: first)
    let missing = InventoryItem(.wtx, wallet.spendCoinbase().wtxid)
    let announced = InventoryItem(.wtx, first.wtxid)
    try giver.send(.inv(InventoryMessage(items: [announced, missing])))
    // The node would ask other peers first.
    try giver.settle()
    try node.skip(seconds: 60)
    var asked: [InventoryItem] = []
    while asked.count < 2 {
      asked += try giver.wait(for: "getdata") {
        if case .getdata(let request) = $0 { request.items } else { nil }
      }
    }
    #expect(Set(asked) == [announced, missing])
    _ = try giver.answers(to: .tx(first), .notfound(InventoryMessage(items: [missing])), .tx(second))
    for transaction in [first, second] {
      #expect(try node.holds(transaction))
      #expect(
        try node.call("getrawtransaction", "\(transaction.txid)") == Hexadecimal.text(transaction.bytes)
      )
    }

    // The other peers hear of both, each by the hash that it uses.
    try node.skip(seconds: 120)
    func expect(_ items: [InventoryItem], at peer: WirePeer) throws {
      var heard: Set<InventoryItem> = []
      while heard.count < items.count {
        heard.formUnion(
          try peer.wait(for: "inv") { if case .inv(let list) = $0 { list.items } else { nil } }
        )
      }
      #expect(heard == Set(items))
    }
    try expect([InventoryItem(.wtx, first.wtxid), InventoryItem(.wtx, second.wtxid)], at: taker)
    try expect([InventoryItem(.tx, first.txid), InventoryItem(.tx, second.txid)], at: old)
    let whole = InventoryMessage(items: [InventoryItem(.wtx, second.wtxid), InventoryItem(.tx, first.txid)])
    #expect(try taker.answers(to: .getdata(whole)) == [.tx(second), .tx(first)])
    let both = InventoryMessage(items: [
      InventoryItem(.tx, second.txid), InventoryItem(.witnessTx, second.txid),
    ])
    let answers = try old.answers(to: .getdata(both))
    var stripped = second
    stripped.inputs[0].witness = []
    #expect(answers == [.tx(stripped), .tx(second)])
    #expect(stripped.txid == second.txid)

    // A peer that connects late requests all of them.
    let late = try WirePeer(to: node.endpoint)
    _ = try late.shakeHands()
    try late.send(.mempool)
    try late.settle()
    try node.skip(seconds: 180)
    try expect([InventoryItem(.wtx, first.wtxid), InventoryItem(.wtx, second.wtxid)], at: late)
    try expectNoFault(node, peers: 4)
  }

  @Test(.timeLimit(.minutes(10))) func givesBlocksThatTheNodeTakes() throws {
    let node = try BitcoinNode(at: "127.47.0.10")
    var wallet = try Wallet(node, coinbases: 4)
    func expectBest(_ block: Block) throws { #expect(try node.best() == block.header.hash) }

    // Announced by hash; the node requests the header and then the block.
    let plain = try WirePeer(to: node.endpoint)
    let said = try plain.shakeHands()
    // The node sends its next request only after the answer to its first.
    if !said.contains(where: { $0.command == .getheaders }) {
      try plain.wait(for: "getheaders") { $0.command == .getheaders ? () : nil }
    }
    _ = try plain.answers(to: .headers(HeadersMessage(headers: [])))
    let first = wallet.spendCoinbase()
    let block = try Wallet.block(on: node, of: [first, Wallet.spendWitness(of: first)])
    try plain.send(.inv(InventoryMessage(items: [InventoryItem(.block, block.header.hash)])))
    let locator = try plain.wait(for: "getheaders") {
      if case .getheaders(let request) = $0, request.locator.first == block.header.previous {
        request
      } else {
        nil
      }
    }
    #expect(locator.locator.last == Network.regtest.genesisHash)
    try plain.send(.headers(HeadersMessage(headers: [block.header])))
    let wanted = InventoryMessage(items: [InventoryItem(.witnessBlock, block.header.hash)])
    try plain.wait(for: "getdata") { $0 == .getdata(wanted) ? () : nil }
    _ = try plain.answers(to: .block(block))
    try expectBest(block)

    // Unrequested.
    let unasked = try Wallet.block(on: node, of: [])
    _ = try plain.answers(to: .block(unasked))
    try expectBest(unasked)

    // A compact block. The node has one of its transactions, and finds it by its short id.
    let short = try WirePeer(to: node.endpoint)
    _ = try short.shakeHands()
    let known = wallet.spendCoinbase()
    _ = try short.answers(to: .sendcmpct(SendCompactMessage(announce: false, version: 2)), .tx(known))
    #expect(try node.holds(known))
    let unknown = wallet.spendCoinbase()
    let third = try Wallet.block(on: node, of: [known, Wallet.spendWitness(of: known), unknown])
    try short.send(.headers(HeadersMessage(headers: [third.header])))
    let inShort = InventoryMessage(items: [InventoryItem(.compactBlock, third.header.hash)])
    try short.wait(for: "getdata") { $0 == .getdata(inShort) ? () : nil }
    try short.send(.cmpctblock(CompactBlockMessage(third, nonce: 77)))
    let missing = GetBlockTransactionsMessage(block: third.header.hash, indexes: [2, 3])
    try short.wait(for: "getblocktxn") { $0 == .getblocktxn(missing) ? () : nil }
    let rest = Array(third.transactions[2...])
    _ = try short.answers(
      to: .blocktxn(BlockTransactionsMessage(block: third.header.hash, transactions: rest))
    )
    try expectBest(third)
    #expect(try !node.holds(known))
    try expectNoFault(node, peers: 2)
  }

  @Test(.timeLimit(.minutes(10))) func hearsOfNewBlocksInEveryForm() throws {
    let node = try BitcoinNode(at: "127.47.0.11")
    var wallet = try Wallet(node, coinbases: 1)
    let first = wallet.spendCoinbase()
    func makePeer(_ messages: Message...) throws -> WirePeer {
      let peer = try WirePeer(to: node.endpoint)
      _ = try peer.shakeHands()
      for message in messages { _ = try peer.answers(to: message) }
      // The node announces a block by header or in compact form only if it thinks that we know the parent.
      let locator = LocatorMessage(version: 70017, locator: [try node.best()])
      _ = try peer.answers(to: .getheaders(locator))
      return peer
    }
    let byHash = try makePeer()
    let byHeader = try makePeer(.sendheaders)
    let inShort = try makePeer(.sendcmpct(SendCompactMessage(announce: true, version: 2)))
    #expect(try node.peers().map { $0["bip152_hb_from"] as? Bool } == [false, false, true])

    _ = try inShort.answers(to: .tx(first))
    #expect(try node.holds(first))
    _ = try node.mine(1)
    let block = try node.block(node.best().description)
    #expect(block.transactions.count == 2)
    try byHash.wait(for: "inv") {
      $0 == .inv(InventoryMessage(items: [InventoryItem(.block, block.header.hash)])) ? () : nil
    }
    try byHeader.wait(for: "headers") { $0 == .headers(HeadersMessage(headers: [block.header])) ? () : nil }
    let compact = try inShort.wait(for: "cmpctblock") {
      if case .cmpctblock(let message) = $0 { message } else { nil }
    }
    #expect(compact == CompactBlockMessage(block, nonce: compact.nonce))

    // The peer that was first to send a block is asked for the next ones as compact blocks.
    let next = try Wallet.block(on: node, of: [])
    try inShort.send(.cmpctblock(CompactBlockMessage(next, nonce: 1)))
    let high = SendCompactMessage(announce: true, version: 2)
    try inShort.wait(for: "sendcmpct") { $0 == .sendcmpct(high) ? () : nil }
    #expect(try node.best() == next.header.hash)
    #expect(try node.peers().map { $0["bip152_hb_to"] as? Bool } == [false, false, true])
    try expectNoFault(node, peers: 3)
  }
}

extension CompactBlockMessage {
  /// A compact block: the coinbase is complete, all other transactions are short ids.
  fileprivate init(_ block: Block, nonce: UInt64) {
    let hasher = ShortIDHasher(header: block.header, nonce: nonce)
    self.init(
      header: block.header,
      nonce: nonce,
      shortIDs: block.transactions.dropFirst().map { hasher.shortID($0.wtxid) },
      prefilled: [Prefilled(index: 0, transaction: block.transactions[0])]
    )
  }
}
