import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Testing

@testable import SimnetCore

@Suite struct SimnetTests {
  @Test func listensAtAnAddressOfItsOwnForEveryNode() throws {
    let stage = try Stage(.small(nodes: 300))
    #expect(Set(stage.simnet.endpoints).count == 300)
    #expect(Set(stage.simnet.endpoints.map(\.port)).count == 1)
    #expect(stage.simnet.settings.port != 0)
    #expect(stage.simnet.endpoints[299].address.description == "127.16.1.44")
  }

  @Test func announcesTransactionsAndGivesThem() throws {
    let stage = try Stage()
    let observer = try stage.observe(0, .wtxidrelay, .sendaddrv2)
    #expect(observer.commands.starts(with: [.version, .wtxidrelay, .sendaddrv2, .verack, .sendcmpct, .ping]))
    observer.send(.getaddr)
    try stage.run { observer.commands.contains(.addrv2) && observer.commands.contains(.inv) }
    let inventory = observer.messages.compactMap {
      if case .inv(let inventory) = $0 { inventory } else { nil }
    }
    let item = try #require(inventory.flatMap(\.items).first { $0.type == .wtx })
    observer.send(.getdata(InventoryMessage(items: [item])))
    try stage.run { observer.commands.contains(.tx) }
    guard case .tx(let transaction)? = observer.messages.first(where: { $0.command == .tx }) else { return }
    #expect(transaction.wtxid == item.hash)
  }

  @Test func announcesBlocksAndGivesThem() throws {
    var settings = SimnetSettings.small()
    settings.blockInterval = 0.5
    let stage = try Stage(settings)
    let observer = try stage.observe()
    var item: InventoryItem?
    try stage.run {
      for case .inv(let inventory) in observer.messages {
        item = item ?? inventory.items.first { $0.type == .block }
      }
      return item != nil
    }
    let hash = try #require(item?.hash)
    observer.send(.getdata(InventoryMessage(items: [InventoryItem(.witnessBlock, hash)])))
    try stage.run { observer.commands.contains(.block) }
    guard case .block(let block)? = observer.messages.first(where: { $0.command == .block }) else { return }
    #expect(block.header.hash == hash)
    #expect(block.computedMerkleRoot == block.header.merkleRoot)
  }

  @Test func writesDownWhatItAnnounces() throws {
    let path = "/tmp/simnet-truth-\(getpid())-\(Clock.monotonic())"
    defer { unlink(path) }
    let before = Clock.now()
    let stage = try Stage(truthPath: path)
    let observer = try stage.observe(0, .wtxidrelay)
    try stage.run { observer.commands.count { $0 == .inv } >= 5 }
    stage.simnet.close()
    let lines = try lines(of: path)
    #expect(lines.count { $0.contains("\"event\":\"node\"") } == 30)
    #expect(lines.count { $0.contains("\"event\":\"open\"") } == 1)
    #expect(lines.count { $0.contains("\"event\":\"close\"") } == 1)
    for case .inv(let inventory) in observer.messages {
      for item in inventory.items where item.type == .wtx {
        let hash = item.hash.description
        let line = try #require(lines.first { $0.contains("announce") && $0.contains(hash) })
        #expect(line.contains("\"node\":\(stage.node.index),\"session\":1,\"kind\":\"wtx\""))
        let time = try #require(UInt64(line.dropFirst("{\"time\":".count).prefix { $0 != "," }))
        #expect(time > before && time < Clock.now())
        #expect(lines.contains { $0.contains("\"event\":\"tx\"") && $0.contains("\"wtxid\":\"\(hash)\"") })
      }
    }
  }

  @Test func closesOnWhatIsNoMessage() throws {
    let stage = try Stage()
    let observer = try stage.observe()
    observer.stream?.write([UInt8](repeating: 7, count: 24))
    try stage.run { observer.closeReason != nil }
    let other = try stage.observe()
    other.stream?.write(Network.simnet.frame("inv", payload: [200]))
    try stage.run { other.closeReason != nil }
    try stage.run { stage.simnet.statistics.sessions == 0 }
  }

  @Test func passesOverWrongChecksums() throws {
    let stage = try Stage()
    let observer = try stage.observe()
    var damaged = Network.simnet.frame(.ping(PingMessage(nonce: 1)))
    damaged[damaged.count - 1] ^= 1
    observer.stream?.write(damaged)
    observer.send(.ping(PingMessage(nonce: 2)))
    try stage.run { observer.commands.contains(.pong) }
    #expect(observer.messages.contains(.pong(PongMessage(nonce: 2))))
    #expect(!observer.messages.contains(.pong(PongMessage(nonce: 1))))
  }

  @Test func refusesMoreSessionsThanANodeHolds() throws {
    var settings = SimnetSettings.small()
    // Slots for its links to other nodes, and two more.
    let modern = try Stage(settings).node.index
    let topology = Topology(nodeCount: 30, outbound: 8, seed: settings.seed)
    settings.slots = topology.neighbours[modern].count + 2
    let stage = try Stage(settings)
    let observers = [try stage.observe(), try stage.observe()]
    let refused = Observer(to: stage.node.endpoint, on: stage.loop)
    try stage.run { refused.closeReason != nil }
    #expect(stage.simnet.statistics.refused == 1)
    #expect(observers.allSatisfy { $0.closeReason == nil })
    observers[0].stream?.close(.closed("enough"))
    try stage.run { stage.simnet.statistics.sessions == 1 }
    _ = try stage.observe()
  }

  @Test func givesAllThatIsAskedForToWhoReadsLate() throws {
    var settings = SimnetSettings.small()
    settings.sendLimits.pause = 10_000
    let stage = try Stage(settings)
    let observer = try stage.observe()
    let hash = stage.simnet.ledger.hashes[120]
    let items = Array(repeating: InventoryItem(.witnessBlock, hash), count: 200)
    observer.stream?.pause()
    observer.send(.getdata(InventoryMessage(items: items)), .ping(PingMessage(nonce: 5)))
    let received = stage.simnet.statistics.received
    try stage.run { stage.simnet.statistics.received > received }
    for _ in 0..<20 { stage.loop.runOnce() }
    #expect(stage.simnet.statistics.sent < 200)
    observer.stream?.resume()
    try stage.run { observer.messages.contains(.pong(PongMessage(nonce: 5))) }
    #expect(observer.commands.count { $0 == .block } == 200)
  }

  @Test func closesOnWhoNeverReads() throws {
    var settings = SimnetSettings.small()
    settings.sendLimits = (pause: 1 << 30, close: 1 << 20)
    let stage = try Stage(settings)
    let observer = try stage.observe()
    observer.stream?.pause()
    let items = Array(repeating: InventoryItem(.witnessBlock, stage.simnet.ledger.hashes[120]), count: 200)
    observer.send(.getdata(InventoryMessage(items: items)))
    try stage.run { stage.simnet.statistics.sessions == 0 }
  }

  @Test func connectsToAnObserverFromTheNodesAddresses() throws {
    let loop = EventLoop()
    var observers: [Observer] = []
    var peers: [SocketAddress] = []
    let listener = try Listener(on: .ipv4(0x7f00_0001, port: 0), loop: loop) {
      let observer = Observer()
      observer.take($0, on: loop)
      observers.append(observer)
      peers.append($1)
    } fail: {
      Issue.record($0)
    }
    var settings = SimnetSettings.small()
    settings.dial = (Endpoint(.ipv4(0x7f00_0001), port: listener.address.port), 3)
    settings.redialDelay = 0.1
    let stage = try Stage(settings, loop: loop)
    try stage.run { observers.count == 3 && observers.allSatisfy { $0.commands == [.version] } }
    #expect(Set(peers.map { Endpoint($0).address }) == Set(stage.simnet.endpoints.prefix(3).map(\.address)))
    for observer in observers { observer.send(.version(.observer()), .verack) }
    try stage.run { observers.allSatisfy { $0.commands.contains(.ping) } }
    observers[0].stream?.close(.closed("enough"))
    try stage.run { observers.count == 4 }
  }

  private func lines(of path: String) throws -> [Substring] {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}
