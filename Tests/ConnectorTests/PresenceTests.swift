import BitcoinWire
import Bytes
import Configuration
import EventLoop
import TestSupport
import Testing

@testable import ConnectorCore

/// The announcements that keep peers from dropping an observer.
@Suite struct PresenceTests {
  private static let block = Hash256(doubleSHA256: [1].span.bytes)

  private func version(toldTo peer: RawClient) throws -> VersionMessage {
    try VersionMessage(Array(peer.received.dropFirst(MessageHeader.size)).span.bytes)
  }

  // MARK: Height

  @Test func takesTheMedianOfWhatPeersTell() {
    var heights = HeightEstimate()
    for height in [900, 905, 0, -1, 903] as [Int32] { heights.note(height) }
    #expect(heights.median == nil)
    for height in [901, .max] as [Int32] { heights.note(height) }
    #expect(heights.median == 903)
    // It follows the most recent heights, and a few false ones do not move it.
    for round in 0..<300 { heights.note(round % 5 == 0 ? 1 : 2000) }
    #expect(heights.median == 2000)
  }

  @Test(arguments: [true, false]) func tellsAHeightThatFollowsItsPeers(follows: Bool) throws {
    let bench = try Bench(bitcoin: "start_height = 5; follow_height = \(follows);")
    // Inbound peers do not count, as we did not choose them.
    for last in 1...9 as ClosedRange<UInt32> {
      try bench.shake(try bench.dialling(from: .ipv4(0x7f00_0000 | last, port: 0)))
    }
    for _ in 0..<5 {
      let peer = try bench.dialled()
      try bench.loop.run { peer.commands.contains(.version) }
      #expect(try version(toldTo: peer).startHeight == 5)
      try bench.shake(peer)
    }
    let peer = try bench.dialled()
    try bench.loop.run { peer.commands.contains(.version) }
    #expect(try version(toldTo: peer).startHeight == (follows ? 7 : 5))
  }

  // MARK: Newest block

  @Test func countsOneVoteOfEachPeer() {
    var newest = NewestBlock()
    func announced(_ hash: Hash256, by connection: UInt32) -> Bool {
      newest.announced(hash, by: connection, threshold: 2)
    }
    for _ in 0..<5 { #expect(!announced(Self.block, by: 1)) }
    #expect(announced(Self.block, by: 2))
    #expect(newest.hash == Self.block && newest.isKnown(to: 1) && !newest.isKnown(to: 3))
    #expect(!announced(Self.block, by: 3))
    // A peer that announces block after block uses the memory of one vote.
    for number in 0..<10_000 {
      let hash = Hash256(doubleSHA256: [UInt8(number & 255), UInt8(number >> 8)].span.bytes)
      #expect(!announced(hash, by: 9))
    }
    #expect(newest.voteCount == 4)
    for connection in [1, 2, 3, 9] as [UInt32] { newest.forget(connection) }
    #expect(newest.voteCount == 0)
  }

  @Test func tellsOthersOfABlockThatSeveralAnnounced() throws {
    let bench = try Bench(bitcoin: "announce_block = 2;")
    let inbound = try bench.dialling()
    let dialled = try (0..<3).map { _ in try bench.dialled() }
    for peer in [inbound] + dialled { try bench.shake(peer) }
    let inv = Message.inv(InventoryMessage(items: [InventoryItem(.block, Self.block)]))
    inbound.send(inv)
    dialled[0].send(inv)
    dialled[0].send(.ping(PingMessage(nonce: 1)))
    try bench.loop.run { dialled[0].commands.contains(.pong) }
    #expect(!([inbound] + dialled).contains { $0.commands.contains(.inv) })
    dialled[1].send(inv)
    let bytes = Bench.network.frame(inv)
    for peer in [inbound, dialled[2]] {
      try bench.loop.run { Array(peer.received.suffix(bytes.count)) == bytes }
    }
    try bench.loop.run(for: 0.05)
    #expect(!dialled[..<2].contains { $0.commands.contains(.inv) })
  }

  @Test func knowsABlockHoweverItIsAnnounced() throws {
    let bench = try Bench(bitcoin: "announce_block = 2;")
    let dialled = try (0..<3).map { _ in try bench.dialled() }
    for peer in dialled { try bench.shake(peer) }
    let bytesOfHeader = [UInt8](repeating: 3, count: BlockHeader.size)
    var reader = ByteReader(bytesOfHeader.span.bytes)
    let header = try BlockHeader(from: &reader)
    dialled[0].send(.headers(HeadersMessage(headers: [header])))
    dialled[1].stream.write(
      Bench.network.frame(.cmpctblock, payload: bytesOfHeader + [0, 0])
    )
    let bytes = Bench.network.frame(.inv(InventoryMessage(items: [InventoryItem(.block, header.hash)])))
    try bench.loop.run { Array(dialled[2].received.suffix(bytes.count)) == bytes }
  }

  @Test func tellsNobodyOfBlocksUnasked() throws {
    let bench = try Bench()
    let dialled = try (0..<2).map { _ in try bench.dialled() }
    for peer in dialled { try bench.shake(peer) }
    dialled[0].send(.inv(InventoryMessage(items: [InventoryItem(.block, Self.block)])))
    dialled[0].send(.ping(PingMessage(nonce: 1)))
    try bench.loop.run { dialled[0].commands.contains(.pong) }
    try bench.loop.run(for: 0.05)
    #expect(!dialled[1].commands.contains(.inv))
  }

  // MARK: Address

  private static let onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333"

  /// As in coinscope's "active ping" and Bitnodes, every three hours. The form depends on the address and the
  /// peer.
  @Test(arguments: [
    ("127.0.0.1", "203.0.113.5:8333", true, "addrv2"), ("127.0.0.1", "203.0.113.5:8333", false, "addr"),
    ("127.0.0.1", onion, true, "addrv2"), ("127.0.0.1", onion, false, "ping"),
    ("127.0.0.1", nil, false, "addr"), ("0.0.0.0", nil, false, "addr"),
  ])
  func announcesItself(listening: String, address: String?, takesAddrV2: Bool, _ command: String) throws {
    let own = address.map { "address = \"\($0)\";" } ?? ""
    let bench = try Bench(
      bitcoin: "ping_frequency = 0.0; active_ping: { mean = 5.0; stddev = 0.0; \(own) };",
      listeners: "( \"AF_INET\", \"\(listening)\", 0, 5 )"
    )
    let port = bench.connector.listeningAddresses[0].port
    let peer = try bench.dialling(at: .ipv4(0x7f00_0001, port: port))
    if takesAddrV2 { peer.send(.sendaddrv2) }
    try bench.shake(peer)
    let connection = bench.connector.connections[1]!
    bench.connector.announceOurselves(to: connection)
    try bench.loop.run { peer.commands.last == Command(command)! }
    guard command != "ping" else { return }
    try bench.loop.run {
      bench.reader.numbered.last?.sequence == bench.connector.publisher.lastSequence
    }
    let bytes = bench.messages.last { $0.header.flags.contains(.sent) }!.bytes
    let payload = Array(bytes.dropFirst(MessageHeader.size))
    let nodes: [KnownNode]
    switch try Message.decode(Command(command)!, payload: payload.span.bytes).message {
    case .addr(let message): nodes = message.nodes
    case .addrv2(let message): nodes = message.nodes
    default: nodes = []
    }
    #expect(nodes.map(\.endpoint) == [Endpoint(address ?? "127.0.0.1:\(port)")!])
    #expect(nodes.allSatisfy { abs(Int64($0.time) - Int64(Clock.now() / 1_000_000_000)) < 5 })
  }

  @Test func refusesAnAddressThatIsNone() throws {
    for text in ["203.0.113.5", "host:8333", "203.0.113.5:0"] {
      #expect(throws: ConfigurationError.self) {
        _ = try Bench(bitcoin: "active_ping: { address = \"\(text)\"; };")
      }
    }
  }

  // MARK: Listeners

  /// The predecessor listened on 0.0.0.0, whatever was configured.
  @Test func listensWhereItIsToldAndNowhereElse() throws {
    let bench = try Bench(
      listeners: """
        ( "AF_INET", "127.0.0.3", 0, 5 ), ( "AF_INET", "127.0.0.4", 0, 5 ), ( "AF_INET6", "::1", 0, 5 )
        """
    )
    let addresses = bench.connector.listeningAddresses
    #expect(addresses.count == 3)
    for address in addresses { try bench.shake(try bench.dialling(at: address)) }
    #expect(bench.connector.connections.all.map(\.local) == addresses.map { Endpoint($0)! })
    // The port is free on all other addresses, and connects there are refused.
    for address in addresses[..<2] {
      for other in [0x7f00_0001, 0x7f00_0005] as [UInt32] {
        let stranger = try RawClient(.ipv4(other, port: address.port), on: bench.loop)
        try bench.loop.run { stranger.isClosed }
      }
    }
    #expect(bench.connector.connections.count == 3)
  }
}
