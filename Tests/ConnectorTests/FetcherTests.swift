import BitcoinWire
import Bytes
import EventLoop
import TestSupport
import Testing

@testable import ConnectorCore

/// Requests for announced transactions and blocks.
@Suite struct FetcherTests {
  static let both = "transactions = true; blocks = true;"

  /// A connector that fetches, and peers with completed handshakes.
  static func bench(_ settings: String = both, peers count: Int) throws -> (Bench, [RawClient]) {
    let bench = try Bench("fetch: { \(settings) };")
    let peers = try (0..<count).map { _ in
      let peer = try bench.dialling()
      try bench.shake(peer)
      return peer
    }
    return (bench, peers)
  }

  static func hash(_ number: Int) -> Hash256 {
    Hash256(doubleSHA256: Array("\(number)".utf8).span.bytes)
  }

  static func announce(_ items: [InventoryItem]) -> Message { .inv(InventoryMessage(items: items)) }

  /// A transaction, with or without a witness.
  static func transaction(_ number: UInt32, hasWitness: Bool = false) -> Transaction {
    Transaction(
      version: 2,
      inputs: [
        TransactionInput(
          previous: OutPoint(txid: hash(Int(number)), index: number),
          script: [],
          sequence: 0,
          witness: hasWitness ? [[1, 2, 3]] : []
        )
      ],
      outputs: [TransactionOutput(value: 1, script: [0x51])],
      lockTime: 0
    )
  }

  @Test func asksTheFirstAnnouncerOnce() throws {
    let (bench, peers) = try Self.bench(peers: 3)
    let items = [InventoryItem(.wtx, Self.hash(1)), InventoryItem(.block, Self.hash(2))]
    for peer in peers {
      peer.send(Self.announce(items))
      try bench.loop.run(for: 0.02)
    }
    try bench.loop.run { !peers[0].requests.isEmpty }
    // Blocks, and transactions announced by txid, are requested with their witnesses.
    #expect(peers[0].requests == [items[0], InventoryItem(.witnessBlock, Self.hash(2))])
    peers[1].send(Self.announce([InventoryItem(.tx, Self.hash(3))]))
    try bench.loop.run { !peers[1].requests.isEmpty }
    #expect(peers[1].requests == [InventoryItem(.witnessTx, Self.hash(3))])
    #expect(peers[2].requests.isEmpty)
    #expect(bench.connector.statistics.fetchesRequested == 3)
    #expect(bench.connector.statistics.fetchesPending == 3)
  }

  @Test func asksForNothingUnlessItIsTold() throws {
    for (settings, expected) in [("", []), ("blocks = true;", [InventoryItem(.witnessBlock, Self.hash(2))])] {
      let (bench, peers) = try Self.bench(settings, peers: 1)
      peers[0].send(
        Self.announce([InventoryItem(.wtx, Self.hash(1)), InventoryItem(.block, Self.hash(2))])
      )
      peers[0].send(.ping(PingMessage(nonce: 5)))
      try bench.loop.run { peers[0].commands.contains(.pong) }
      #expect(peers[0].requests == expected)
    }
  }

  @Test func asksTheNextWhereOneHasItNot() throws {
    let (bench, peers) = try Self.bench(peers: 3)
    let item = InventoryItem(.wtx, Self.hash(1))
    for peer in peers {
      peer.send(Self.announce([item]))
      try bench.loop.run(for: 0.02)
    }
    try bench.loop.run { peers[0].requests == [item] }
    // A notfound from a peer that was not asked is ignored.
    peers[2].send(.notfound(InventoryMessage(items: [item])))
    try bench.loop.run(for: 0.02)
    #expect(peers[1].requests.isEmpty)
    peers[0].send(.notfound(InventoryMessage(items: [item])))
    try bench.loop.run { peers[1].requests == [item] }
    peers[1].stream.close(.closed("gone"))
    try bench.loop.run { peers[2].requests == [item] }
    peers[2].send(.notfound(InventoryMessage(items: [item])))
    try bench.loop.run { bench.connector.statistics.fetchesFailed == 1 }
    #expect(bench.connector.statistics.fetchesPending == 0)
    // If announced again, it is requested again.
    peers[0].send(Self.announce([item]))
    try bench.loop.run { peers[0].requests == [item, item] }
  }

  @Test func asksTheNextWhereOneTakesTooLong() throws {
    let (bench, peers) = try Self.bench(Self.both + "timeout = 0.2;", peers: 2)
    let item = InventoryItem(.wtx, Self.hash(1))
    for peer in peers {
      peer.send(Self.announce([item]))
      try bench.loop.run(for: 0.02)
    }
    try bench.loop.run { peers[0].requests == [item] }
    try bench.loop.run { peers[1].requests == [item] }
    try bench.loop.run { bench.connector.statistics.fetchesFailed == 1 }
  }

  @Test(arguments: [false, true])
  func knowsATransactionByBothNames(hasWitness: Bool) throws {
    let (bench, peers) = try Self.bench(peers: 2)
    let transaction = Self.transaction(1, hasWitness: hasWitness)
    peers[0].send(Self.announce([InventoryItem(.wtx, transaction.wtxid)]))
    try bench.loop.run { peers[0].requests == [InventoryItem(.wtx, transaction.wtxid)] }
    peers[0].send(.tx(transaction))
    try bench.loop.run { bench.connector.statistics.fetchesReceived == 1 }
    #expect(bench.connector.statistics.fetchesPending == 0)
    // It is known by its other hash, and when it is received again.
    peers[1].send(
      Self.announce([InventoryItem(.tx, transaction.txid), InventoryItem(.wtx, transaction.wtxid)])
    )
    peers[1].send(.tx(transaction))
    peers[1].send(.ping(PingMessage(nonce: 5)))
    try bench.loop.run { peers[1].commands.contains(.pong) }
    #expect(peers[1].requests.isEmpty && bench.connector.statistics.fetchesReceived == 1)
  }

  @Test func knowsABlockByItsHeader() throws {
    let (bench, peers) = try Self.bench(peers: 1)
    let header = BlockHeader(
      version: 1,
      previous: Self.hash(1),
      merkleRoot: Self.hash(2),
      time: 3,
      bits: 4,
      nonce: 5
    )
    let block = Block(header: header, transactions: [Self.transaction(1)])
    peers[0].send(Self.announce([InventoryItem(.block, header.hash)]))
    try bench.loop.run { peers[0].requests.count == 1 }
    peers[0].send(.block(block))
    try bench.loop.run { bench.connector.statistics.fetchesReceived == 1 }
  }

  @Test func keepsToItsRate() throws {
    let (bench, peers) = try Self.bench(Self.both + "rate = 20.0;", peers: 1)
    let start = Clock.monotonic()
    peers[0].send(Self.announce((0..<30).map { InventoryItem(.wtx, Self.hash($0)) }))
    try bench.loop.run { peers[0].requests.count >= 20 }
    #expect(peers[0].requests.count < 30)
    try bench.loop.run { peers[0].requests.count == 30 }
    // Twenty at once are a second's allowance. Ten more take half a second.
    #expect(Clock.monotonic() - start > 450_000_000)
    #expect(peers[0].requests.map(\.hash) == (0..<30).map { Self.hash($0) })
  }

  @Test func keepsToItsBandwidthAndNumber() throws {
    let (bench, peers) = try Self.bench(Self.both + "bandwidth = 1024; max_pending = 2;", peers: 1)
    var big = Self.transaction(7)
    big.outputs[0].script = [UInt8](repeating: 0, count: 1200)
    peers[0].send(Self.announce([InventoryItem(.wtx, big.wtxid)]))
    peers[0].send(Self.announce((0..<5).map { InventoryItem(.wtx, Self.hash($0)) }))
    try bench.loop.run { peers[0].requests.count == 2 }
    // More than a second's allowance was received: the rest waits for about 0.2 s.
    let start = Clock.monotonic()
    peers[0].send(.tx(big))
    try bench.loop.run { peers[0].requests.count == 3 }
    #expect(Clock.monotonic() - start > 150_000_000)
    #expect(bench.connector.statistics.fetchesPending == 5)
  }

  @Test func leavesOutWhatOneAnnouncesBeyondItsShare() throws {
    let (bench, peers) = try Self.bench(Self.both + "rate = 0.1;", peers: 2)
    let share = Fetcher.shareLimit
    peers[0].send(Self.announce((0..<40_000).map { InventoryItem(.wtx, Self.hash($0)) }))
    try bench.loop.run(timeout: 30) { bench.connector.statistics.fetchesLeftOut == UInt64(40_000 - share) }
    #expect(bench.connector.statistics.fetchesPending == UInt64(share))
    // There is room for other peers' announcements.
    let other = InventoryItem(.wtx, Self.hash(50_000))
    peers[1].send(Self.announce([other]))
    try bench.loop.run { bench.connector.statistics.fetchesPending == UInt64(share + 1) }
    peers[0].close("gone")
    try bench.loop.run { bench.connector.connections.count == 1 }
  }
}

extension RawClient {
  /// The items that the peer was asked for.
  fileprivate var requests: [InventoryItem] {
    var items: [InventoryItem] = []
    var rest = received[...]
    while case .message(let header, let total, _) = Bench.network.framer.next(in: Array(rest).span.bytes) {
      if header.command == .getdata {
        let payload = Array(rest.dropFirst(MessageHeader.size).prefix(total - MessageHeader.size))
        items += (try? InventoryMessage(payload.span.bytes).items) ?? []
      }
      rest = rest.dropFirst(total)
    }
    return items
  }
}
