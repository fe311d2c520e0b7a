import BitcoinWire
import Bytes
import EventLoop
import Foundation
import Glibc
import TestSupport
import Testing

@testable import SimnetCore

/// A network shared by several processes. Here they are several networks on one loop, or programs.
@Suite struct PartTests {
  @Test(arguments: ["", "1", "0/2", "3/2", "1/0", "1/2/3", "a/b", "-1/2"])
  func refusesWhatIsNoPart(text: String) { #expect(NetworkPart(text) == nil) }

  @Test func sharesAllNodesOut() throws {
    let parts = try (1...4).map { try #require(NetworkPart("\($0)/4")) }
    for node in 0..<100 { #expect(parts.count { $0.serves(node) } == 1) }
    #expect(NetworkPart.whole.serves(17))
  }

  @Test func readsWhatItWrites() throws {
    let messages: [PartMessage] = [
      .hello(wall: 1, monotonic: 2, port: 3, digest: 4),
      .injected(time: 5, node: 6, Block.genesis.transactions[0]),
      .heard(
        time: 7,
        node: 8,
        [
          KnownNode(time: 9, services: [.network], endpoint: Endpoint("1.2.3.4:8333")!),
          KnownNode(time: 10, services: [], endpoint: Endpoint(.torV3(Bytes32([UInt8](1...32))!), port: 1)),
        ]
      ),
    ]
    for message in messages {
      let bytes = message.bytes
      #expect(try PartMessage(bytes.span.bytes) == message)
      #expect(try bytes.withUnsafeBytes { try PartMessage.count(in: $0) } == bytes.count)
      for count in 0..<bytes.count {
        #expect(throws: WireError.self) { try PartMessage(Array(bytes.prefix(count)).span.bytes) }
      }
    }
    #expect(throws: WireError.self) {
      try [UInt8](repeating: 0xff, count: 4).withUnsafeBytes { try PartMessage.count(in: $0) }
    }
  }

  @Test func refusesAnotherNetwork() throws {
    let path = "/tmp/simnet-link-\(getpid())-\(Clock.monotonic())"
    var settings = SimnetSettings.small()
    settings.part = try #require(NetworkPart("1/2"))
    settings.linkPath = path
    let stage = try Stage(settings)
    // The hello is sent only while the loop runs.
    let thread = Thread {
      #expect(throws: IOError.self) { try PartLink.join(path, digest: 1, patience: 5) }
    }
    thread.start()
    try stage.run { thread.isFinished }
    stage.simnet.close()
    #expect(throws: IOError.self) { try PartLink.join(path, digest: 1, patience: 0.05) }
  }

  @Test func tellsAddressesOn() throws {
    let path = "/tmp/simnet-link-\(getpid())-\(Clock.monotonic())"
    var settings = SimnetSettings.small()
    settings.addressInterval = 28.8
    settings.part = try #require(NetworkPart("1/2"))
    settings.linkPath = path
    let stage = try Stage(settings)
    // The test is the second part.
    let other = Stranger(to: .unix(path), on: stage.loop)
    try stage.run { other.bytes.count >= 31 }
    other.forget(other.bytes.count)
    let node = try #require(stage.modern.first { $0.index % 2 == 0 })
    let observer = Observer(to: node.endpoint, on: stage.loop)
    try stage.run { observer.stream != nil }
    observer.send(.version(.observer()), .sendaddrv2, .verack, .getaddr)
    try stage.run { observer.commands.contains(.addrv2) }

    func known(_ number: UInt32) -> KnownNode {
      let seconds = UInt32(truncatingIfNeeded: stage.simnet.now() / second)
      return KnownNode(
        time: seconds,
        services: [.network],
        endpoint: Endpoint(.ipv4(0x0808_0000 + number), port: 8333)
      )
    }
    let told = known(1)
    observer.send(.addrv2(AddrV2Message(nodes: [told])))
    try stage.run { !other.bytes.isEmpty }
    guard case .heard(let time, let index, let nodes) = try PartMessage(other.bytes.span.bytes) else {
      Issue.record("another message was forwarded")
      return
    }
    #expect(Int(index) == node.index && nodes == [told])
    #expect(time > stage.simnet.now() - 20 * second && time <= stage.simnet.now() + PartLink.delay)

    // This node's observer gets addresses that an observer of the other part gave to the node, when its turn
    // comes.
    let others = (100..<200).map { known($0) }
    let message = PartMessage.heard(time: stage.simnet.now(), node: UInt32(node.index), others)
    other.stream?.write(message.bytes)
    let wanted = Set(others.map(\.endpoint))
    try stage.run {
      observer.messages.contains {
        guard case .addrv2(let message) = $0 else { return false }
        return message.nodes.contains { wanted.contains($0.endpoint) }
      }
    }
  }

  @Test func tellsNetworksApart() throws {
    let settings = SimnetSettings.small()
    var digests: Set<UInt64> = [settings.digest]
    let changes: [(inout SimnetSettings) -> Void] = [
      { $0.gossip = .real }, { $0.latencyFactor = 2 }, { $0.addressInterval = 9 }, { $0.slots = 20 },
      { $0.fullShare = 5 }, { $0.churn = 7 }, { $0.downTime = 9 }, { $0.hopDelay = 1 }, { $0.seed = 2 },
      { $0.keptBlocks = 1 }, { $0.neighbours = NeighbourShares("0.5")! },
      { $0.population = Population(Array($0.population.rows.dropLast())) },
    ]
    for change in changes {
      var other = settings
      change(&other)
      digests.insert(other.digest)
    }
    #expect(digests.count == 1 + changes.count)
    // Settings that concern only one part do not change the digest.
    var other = settings
    other.pace = PaceSettings(.flood)
    other.proxyPorts = (0, 0)
    #expect(other.digest == settings.digest)
  }

  /// Starts the program.
  func start(_ folder: URL, _ name: String, _ arguments: [String]) throws -> ChildProcess {
    let own = [
      "--root", folder.path, "--pidfile", name + ".pid", "--logfile", name + ".log", "--base", "127.91.0.1",
      "--nodes", "20", "--port", "0", "--link", "link",
    ]
    return try ChildProcess("simnet", own + arguments, folder: folder.path)
  }

  @Test(.timeLimit(.minutes(10))) func liveOneLifeAndPassOnWhatIsInjected() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "simnet-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let options = ["--tx-rate", "20", "--block-interval", "1", "--hop-delay", "0.02", "--latency", "0.1"]
    // The first part starts last: the others wait for it.
    let processes = try [2, 3, 1].map { number in
      try start(
        folder,
        "part\(number)",
        options + ["--part", "\(number)/3", "--list", "list\(number)", "--truth", "truth\(number)"]
      )
    }
    defer {
      for process in processes { process.signal(SIGTERM) }
      for process in processes { process.wait() }
    }
    func read(_ name: String) -> String {
      (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
    }
    let loop = EventLoop()
    let tick = TimerWatcher(on: loop) {}
    tick.start(after: 0.01, every: 0.01)
    let deadline = Clock.monotonic() + 60 * second
    func run(_ line: Int = #line, until condition: () -> Bool) throws {
      while !condition() {
        guard Clock.monotonic() < deadline else { throw IOError("wait in line \(line)", code: ETIMEDOUT) }
        loop.runOnce()
      }
    }
    try run { (1...3).allSatisfy { read("list\($0)").split(separator: "\n").count >= 6 } }
    let lists = (1...3).map { read("list\($0)").split(separator: "\n").compactMap { Endpoint(String($0)) } }
    #expect(lists.map(\.count) == [7, 7, 6])
    #expect(Set(lists.joined()).count == 20 && Set(lists.joined().map(\.port)).count == 1)

    // An observer of the third part hears of a transaction given to a node of the second part.
    let observers = try [lists[1][0], lists[2][0]].map { endpoint in
      let observer = Observer(to: endpoint, on: loop)
      try run { observer.stream != nil }
      observer.send(.version(.observer()), .verack)
      try run { observer.commands.contains(.ping) }
      return observer
    }
    let transaction = Transaction(
      version: 2,
      inputs: [TransactionInput(previous: OutPoint(txid: .zero, index: 5), script: [])],
      outputs: [TransactionOutput(value: 5, script: [0x51])],
      lockTime: 0
    )
    observers[0].send(.tx(transaction))
    try run {
      observers[1].messages.contains {
        guard case .inv(let inventory) = $0 else { return false }
        return inventory.items.contains { $0.hash == transaction.txid }
      }
    }

    // All parts create the same items at the same times.
    func invented(_ number: Int) -> [Substring] {
      read("truth\(number)").split(separator: "\n").filter {
        $0.contains("\"event\":\"tx\"") || $0.contains("\"event\":\"block\"")
      }
    }
    try run { (1...3).allSatisfy { invented($0).count { $0.contains("\"event\":\"block\"") } >= 3 } }
    let lives = (1...3).map { invented($0) }
    let count = lives.map(\.count).min() ?? 0
    #expect(count > 20)
    #expect(lives[0].prefix(count) == lives[1].prefix(count))
    #expect(lives[0].prefix(count) == lives[2].prefix(count))
    #expect(lives[0].contains { $0.contains("\(transaction.txid)") })
  }
}
