import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import TestSupport
import Testing

@testable import ConnectorCore

/// The limits of hostile peers, without harm to other peers.
@Suite struct PeerLimitTests {
  private static let address: UInt32 = 0x7f00_0000

  private var largePart: [UInt8] {
    MessageHeader(magic: Bench.network.magic, command: "block", length: 4_000_000, checksum: 0).bytes
      + [UInt8](repeating: 9, count: 300_000)
  }

  // MARK: Connections

  @Test func letsInOnlySoManyOfOneAddress() throws {
    let bench = try Bench(bitcoin: "max_inbound_per_address = 2;")
    let peers = try (0..<3).map { _ in try bench.dialling(from: .ipv4(Self.address | 9, port: 0)) }
    try bench.loop.run { peers.contains { $0.isClosed } }
    let event = try bench.last(.closedByUs)
    #expect(
      event.reason
        == "turned away: this address has 2 connections (connector.bitcoin.max_inbound_per_address)"
    )
    #expect(event.direction == .inbound && event.remote.address == .ipv4(Self.address | 9))
    #expect(event.local == Endpoint(bench.connector.listeningAddresses[0]))
    let other = try bench.dialling(from: .ipv4(Self.address | 10, port: 0))
    try bench.shake(other)
    // Each connection with an `accepted` event has a `closed` event.
    #expect(bench.events.filter { $0.code == .accepted }.count == 4)
    #expect(bench.connector.connections.count == 3)
    // After one disconnects, another one may connect.
    peers.first { !$0.isClosed }!.close("leaves")
    try bench.loop.run { bench.connector.limits.inboundCount == 2 }
    try bench.shake(try bench.dialling(from: .ipv4(Self.address | 9, port: 0)))
  }

  @Test func letsInOnlySoMany() throws {
    let bench = try Bench(bitcoin: "max_inbound = 2;")
    let peers = try (1...3).map { try bench.dialling(from: .ipv4(Self.address | $0, port: 0)) }
    try bench.loop.run { peers.contains { $0.isClosed } }
    #expect(
      try bench.last(.closedByUs).reason
        == "turned away: 2 peers have connected to us (connector.bitcoin.max_inbound)"
    )
    // Outbound connects are not affected.
    try bench.shake(try bench.dialled())
  }

  @Test func turnsChurnAwayAtTheCostOfNobodyElse() throws {
    let bench = try Bench(bitcoin: "inbound_rate = 5.0;", listeners: "( \"AF_INET\", \"127.0.0.1\", 0, 128 )")
    let other = try bench.dialling(from: .ipv4(Self.address | 10, port: 0))
    try bench.shake(other)
    var count = 0
    for _ in 0..<10 {
      let churning = try (0..<50).map { _ in try bench.dialling(from: .ipv4(Self.address | 9, port: 0)) }
      count += churning.count
      try bench.loop.run { churning.filter(\.isClosed).count >= 25 }
      for peer in churning where !peer.isClosed { peer.close("again") }
      bench.peers.removeAll()
    }
    // One in twenty is admitted and gets events. So do the first refused ones; a sum counts the others.
    try bench.loop.run {
      bench.connector.limits.inboundCount == 1
        && zip(bench.reader.headers, bench.reader.bodies).contains {
          $0.type == .connector
            && String(decoding: $1, as: UTF8.self).contains("turned away without an event")
        }
    }
    let refused = bench.events.filter { $0.reason.contains("connector.bitcoin.inbound_rate") }.count
    #expect(refused >= 100 && refused < count - 100, "\(refused) of \(count)")
    let newcomer = try bench.dialling(from: .ipv4(Self.address | 11, port: 0))
    try bench.shake(newcomer)
    #expect(!other.isClosed)
  }

  // MARK: Memory

  @Test func countsTheMemoryThatIsHeldForPeers() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    let limits = bench.connector.limits!
    try bench.loop.run { limits.heldCount == 0 }
    peer.stream.write(Array(largePart[..<1000]))
    try bench.loop.run { limits.heldCount == 1000 }
    peer.stream.write(Array(largePart[1000...]))
    try bench.loop.run { limits.heldCount >= 300_024 }
    #expect(limits.heldCount == bench.connector.connections[1]!.heldCount)
    // Data that waits for a peer that does not read.
    let other = try bench.dialling()
    try bench.shake(other)
    other.stream.pause()
    let connection = bench.connector.connections[2]!
    let message = Bench.network.frame("x", payload: [UInt8](repeating: 0, count: 1 << 20))
    let before = limits.heldCount
    for _ in 0..<7 {
      connection.send(message)
      bench.loop.runOnce()
    }
    connection.countMemory()
    let waiting = Int(connection.info.bytesWaiting)
    // Whole buffers count, not only the bytes left in them.
    #expect(waiting > 0 && limits.heldCount >= before + waiting)
    #expect(limits.heldCount == before + connection.heldCount)
    other.stream.resume()
    try bench.loop.run { limits.heldCount == before }
    // Closed connections hold no memory.
    peer.close("done")
    try bench.loop.run { limits.heldCount == 0 }
  }

  @Test func closesThoseThatTakeMostMemoryWhereAllTogetherTakeTooMuch() throws {
    let bench = try Bench("peer_memory = 1048576;")
    let modest = try bench.dialling()
    try bench.shake(modest)
    modest.stream.write(Array(largePart[..<2000]))
    let greedy = try (1...6).map { try bench.dialling(from: .ipv4(Self.address | $0, port: 0)) }
    for peer in greedy { try bench.shake(peer) }
    for peer in greedy { peer.stream.write(largePart) }
    try bench.loop.run { greedy.contains { $0.isClosed } }
    try bench.loop.run(for: 0.2)
    let event = try bench.last(.closedByUs)
    #expect(event.reason.contains("(connector.peer_memory)"), "\(event.reason)")
    #expect(bench.connector.limits.heldCount <= 1 << 20)
    #expect(greedy.contains { !$0.isClosed } && !modest.isClosed)
    #expect(
      bench.connector.limits.heldCount == bench.connector.connections.all.reduce(0) { $0 + $1.heldCount }
    )
  }

  /// A message to many peers is stored once and counted once.
  @Test func countsWhatIsKeptForManyOnce() throws {
    let bench = try Bench("peer_memory = 16777216;")
    let peers = try (1...6).map { try bench.dialling(from: .ipv4(Self.address | $0, port: 0)) }
    for peer in peers { try bench.shake(peer) }
    for peer in peers { peer.stream.pause() }
    let client = try bench.client()
    // Two messages fill the kernel's buffers.
    let message = Bench.network.frame("x", payload: [UInt8](repeating: 0, count: 3 << 20))
    for id in 1...2 as ClosedRange<UInt32> {
      _ = try bench.ask(client, .send(SendRequest(.message(message), to: .all)), id: id)
    }
    try bench.loop.run { bench.connector.connections.all.allSatisfy { $0.info.bytesWaiting > 200_000 } }
    try bench.loop.run(for: 0.1)
    #expect(bench.connector.connections.count == 6)
    #expect(bench.connector.limits.sharedCount >= 3 << 20)
    for peer in peers { peer.stream.resume() }
    try bench.loop.run { bench.connector.limits.sharedCount == 0 }
  }

  /// A client sends a different message to each of many peers that do not read.
  @Test func boundsWhatClientsSendToPeersThatDoNotRead() throws {
    let bench = try Bench("peer_memory = 16777216;")
    let peers = try (1...12).map { try bench.dialling(from: .ipv4(Self.address | $0, port: 0)) }
    for peer in peers { try bench.shake(peer) }
    for peer in peers { peer.stream.pause() }
    let client = try bench.client()
    let message = Bench.network.frame("x", payload: [UInt8](repeating: 0, count: 3 << 20))
    var request: UInt32 = 0
    for _ in 0..<2 {
      for connection in bench.connector.connections.all {
        request += 1
        client.stream.write(
          ControlRequest.send(SendRequest(.message(message), to: .connections([connection.id]))).frame(
            id: request
          )
        )
      }
    }
    try bench.loop.run(timeout: 30) {
      client.answers.count { if case .reply = $0 { true } else { false } } == request
    }
    try bench.loop.run { bench.events.contains { $0.reason.contains("(connector.peer_memory)") } }
    let limits = bench.connector.limits!
    #expect(limits.heldCount + limits.sharedCount <= 16 << 20)
    #expect(bench.connector.connections.count > 0)
  }

  /// Data that waits only until the end of the loop iteration is no reason to close a peer.
  @Test func closesNobodyForWhatGoesAtTheEndOfTheTurn() throws {
    let bench = try Bench("peer_memory = 1048576;")
    let peers = try (1...60).map { try bench.dialling(from: .ipv4(Self.address | $0, port: 0)) }
    for peer in peers { try bench.shake(peer) }
    let clients = try (0..<4).map { _ in try bench.client() }
    let message = Bench.network.frame("x", payload: [UInt8](repeating: 0, count: 3000))
    for client in clients {
      client.stream.write(ControlRequest.send(SendRequest(.message(message), to: .all)).frame(id: 1))
    }
    try bench.loop.run(timeout: 30) {
      peers.allSatisfy { $0.isClosed || $0.commands.count { $0 == "x" } == 4 }
    }
    #expect(peers.allSatisfy { !$0.isClosed })
    #expect(bench.connector.connections.count == peers.count)
  }

  /// Counts beyond the payload's size are not believed: no memory is reserved, and the peer stays.
  @Test(arguments: [
    ("inv", "fd50c3"), ("getdata", "fd50c3"), ("getdata", "feffffffff"), ("notfound", "ffffffffffffffffff"),
    ("addr", "fde803"), ("addrv2", "fde803"), ("headers", "fdd007"), ("tx", "01000000feffffffff"),
    ("block", String(repeating: "00", count: 80) + "feffffffff"), ("getblocks", "00000000fd65"),
    ("cmpctblock", String(repeating: "00", count: 88) + "feffffffff"),
  ])
  func believesNoCounts(_ command: String, _ payload: String) throws {
    let bench = try Bench("fetch: { transactions = true; blocks = true; };", bitcoin: "announce_block = 1;")
    let peer = try bench.dialled()
    try bench.shake(peer)
    let lent = bench.loop.pool.lentCount
    peer.stream.write(Bench.network.frame(Command(command)!, payload: Hexadecimal.bytes(payload)!))
    peer.send(.ping(PingMessage(nonce: 5)))
    try bench.loop.run { peer.commands.contains(.pong) }
    #expect(!peer.isClosed)
    #expect(bench.loop.pool.lentCount <= lent + 1 << 20)
  }

  /// A length is believed only as its bytes arrive.
  @Test func reservesNothingForALength() throws {
    let bench = try Bench()
    let peers = try (1...20).map { try bench.dialling(from: .ipv4(Self.address | $0, port: 0)) }
    for peer in peers { peer.stream.write(Array(largePart[..<24])) }
    try bench.loop.run { bench.connector.limits.heldCount == 20 * 24 }
    #expect(bench.loop.pool.lentCount < 2 << 20)
  }

  // MARK: Identifiers

  @Test func beginsIdsAgainWhereThereAreNoMore() throws {
    let bench = try Bench()
    let first = try bench.dialling()
    try bench.shake(first)
    bench.connector.nextID = .max - 1
    for _ in 0..<4 { try bench.shake(try bench.dialling()) }
    // Id 1 is still in use.
    #expect(bench.connector.connections.all.map(\.id) == [1, 2, 3, .max - 1, .max])
    #expect(bench.connector.connections.after(3).map(\.id) == [.max - 1, .max])
    try bench.loop.run {
      zip(bench.reader.headers, bench.reader.bodies).contains {
        $0.type == .connector
          && String(decoding: $1, as: UTF8.self) == "connection ids begin again at 1: 4294967295 was the last"
      }
    }
    let client = try bench.client()
    let request = ControlRequest.disconnect(.connections([1, 2, .max]))
    #expect(try bench.ask(client, request, id: 1) == .disconnecting(count: 3, missing: []))
    try bench.loop.run { bench.connector.connections.all.map(\.id) == [3, .max - 1] }
  }
}
