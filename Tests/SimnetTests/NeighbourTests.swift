import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Testing

@testable import SimnetCore

/// The behaviour of each kind of unpleasant node, as a peer sees it.
@Suite struct NeighbourTests {
  /// A network in which all nodes are of one kind and misbehave fast.
  static func stage(_ kind: Neighbour, truthPath: String? = nil) throws -> Stage {
    var settings = SimnetSettings.small(nodes: 3)
    settings.neighbours = try #require(NeighbourShares("\(kind.rawValue)=1"))
    settings.neighbourRate = 200
    settings.trickleRate = 1000
    return try Stage(settings, truthPath: truthPath)
  }

  /// Connects to a node of such a network.
  static func meet(_ stage: Stage) throws -> Stranger {
    let stranger = Stranger(to: stage.simnet.endpoints[1], on: stage.loop)
    try stage.run { stranger.stream != nil }
    return stranger
  }

  /// Connects and completes the handshake.
  static func befriend(_ stage: Stage) throws -> Stranger {
    let stranger = try meet(stage)
    stranger.send(.version(.observer()), .sendaddrv2)
    try stage.run { stranger.headers.contains { $0.command == .verack } }
    stranger.send(.verack)
    return stranger
  }

  @Test func refuses() throws {
    let stage = try Self.stage(.refused)
    let stranger = Stranger(to: stage.simnet.endpoints[0], on: stage.loop)
    try stage.run { stranger.connectError != nil }
    #expect(stranger.connectError?.code == ECONNREFUSED)
  }

  @Test func swallowsConnects() throws {
    let stage = try Self.stage(.blackHole)
    let strangers = (0..<3).map { Stranger(to: stage.simnet.endpoints[$0], timeout: 0.5, on: stage.loop) }
    try stage.run { strangers.allSatisfy { $0.connectError != nil } }
    #expect(strangers.allSatisfy { $0.connectError?.code == ETIMEDOUT })
  }

  @Test func closesBeforeItsVersion() throws {
    let stage = try Self.stage(.full)
    let stranger = try Self.meet(stage)
    try stage.run { stranger.closeReason != nil }
    #expect(stranger.closeReason == .endOfStream && stranger.bytes.isEmpty)
  }

  @Test func staysMute() throws {
    let stage = try Self.stage(.mute)
    let stranger = try Self.meet(stage)
    stranger.send(.version(.observer()), .verack, .ping(PingMessage(nonce: 1)))
    try stage.run { stage.simnet.statistics.received == 3 }
    for _ in 0..<20 { stage.loop.runOnce() }
    #expect(stranger.bytes.isEmpty && stranger.closeReason == nil)
  }

  @Test func saysItsVersionByteByByte() throws {
    var settings = SimnetSettings.small(nodes: 3)
    settings.neighbours = try #require(NeighbourShares("slow-loris=1"))
    settings.trickleRate = 20
    let stage = try Stage(settings)
    let stranger = try Self.meet(stage)
    var counts: Set<Int> = []
    try stage.run {
      counts.insert(stranger.bytes.count)
      return stranger.bytes.count >= 8
    }
    #expect(counts.count > 4)
    #expect(stranger.bytes.starts(with: Network.simnet.frame("version").prefix(8)))
    let fast = try Self.stage(.slowLoris)
    let other = try Self.meet(fast)
    try fast.run { other.headers.map(\.command) == [.version] }
  }

  @Test func sendsGarbage() throws {
    let stage = try Self.stage(.garbage)
    let stranger = try Self.meet(stage)
    try stage.run { stranger.bytes.count == Misbehaviour.garbageCount }
    #expect(stranger.headers.isEmpty)
    let other = try Self.meet(stage)
    try stage.run { other.bytes.count == Misbehaviour.garbageCount }
    #expect(other.bytes != stranger.bytes)
  }

  @Test func speaksOnAnotherNetwork() throws {
    let stage = try Self.stage(.wrongMagic)
    let stranger = try Self.meet(stage)
    try stage.run { stranger.bytes.count > 100 }
    let header = Stranger.header(stranger.bytes)
    #expect(header.magic == Network.mainnet.magic && header.command == .version)
    #expect(Int(header.length) == stranger.bytes.count - MessageHeader.size)
  }

  @Test func promisesFourGigabytes() throws {
    let stage = try Self.stage(.hugeLength)
    let stranger = try Self.meet(stage)
    try stage.run { stranger.bytes.count == 124 }
    let header = Stranger.header(stranger.bytes)
    #expect(header.magic == Network.simnet.magic && header.length == .max)
  }

  @Test(arguments: [(Neighbour.overlong, 4_000_001, 100), (.promise, 4_000_000, 0)])
  func promisesMoreThanItSends(kind: Neighbour, length: Int, sent: Int) throws {
    let stage = try Self.stage(kind)
    let stranger = try Self.befriend(stage)
    try stage.run { stranger.rest.count == MessageHeader.size + sent }
    let header = Stranger.header(stranger.rest)
    #expect(Int(header.length) == length)
    #expect(stranger.headers.map(\.command) == [.version, .sendaddrv2, .verack])
  }

  @Test func resetsInTheMiddleOfItsVersion() throws {
    let stage = try Self.stage(.resetter)
    let stranger = try Self.meet(stage)
    stranger.send(.version(.observer()))
    try stage.run { stranger.closeReason != nil }
    guard case .readFailed(let error)? = stranger.closeReason else {
      Issue.record("closed for \(String(describing: stranger.closeReason))")
      return
    }
    #expect(error.code == ECONNRESET)
    #expect(stranger.headers.isEmpty)
  }

  @Test func fallsSilentAfterTheHandshake() throws {
    let stage = try Self.stage(.silent)
    let stranger = try Self.befriend(stage)
    stranger.send(.ping(PingMessage(nonce: 1)), .getaddr)
    try stage.run { stage.simnet.statistics.received == 5 }
    for _ in 0..<20 { stage.loop.runOnce() }
    #expect(stranger.headers.map(\.command) == [.version, .sendaddrv2, .verack])
    #expect(stranger.closeReason == nil)
  }

  @Test func asksAndNeverReads() throws {
    let stage = try Self.stage(.neverReading)
    let stranger = try Self.befriend(stage)
    try stage.run { stranger.headers.count { $0.command == .getdata } >= 3 }
    #expect(stranger.headers.contains { $0.command == .ping })
    let received = stage.simnet.statistics.received
    // More than any socket buffer holds: unread bytes stay with the sender.
    let block = [UInt8](repeating: 0, count: 3_900_000)
    for _ in 0..<8 { stranger.stream?.write(Network.simnet.frame("block", payload: block)) }
    for _ in 0..<50 { stage.loop.runOnce() }
    #expect((stranger.stream?.unsentCount ?? 0) > 20_000_000)
    #expect(stage.simnet.statistics.received == received)
  }

  @Test func tellsOfNobodysAddresses() throws {
    let stage = try Self.stage(.addressSpammer)
    let stranger = try Self.befriend(stage)
    try stage.run { stranger.headers.count { $0.command == .addrv2 } >= 3 }
    let messages = try stranger.frames.filter { $0.header.command == .addrv2 }.map {
      try Message.decode(.addrv2, payload: $0.payload.span.bytes).message
    }
    var endpoints: Set<Endpoint> = []
    for case .addrv2(let message) in messages {
      #expect(message.nodes.count == 1000)
      endpoints.formUnion(message.nodes.map(\.endpoint))
    }
    #expect(endpoints.count > 2900)
    #expect(Set(endpoints.map(\.address.network)).count >= 5)
    #expect(endpoints.isDisjoint(with: stage.simnet.endpoints))
  }

  @Test func tellsOfAddressesOnLoopbackWhereNobodyListens() throws {
    var settings = SimnetSettings.small(nodes: 3)
    settings.neighbours = try #require(NeighbourShares("address-spammer=1"))
    settings.neighbourRate = 200
    settings.deadCount = 10
    settings.spamCount = 50
    let stage = try Stage(settings)
    let stranger = try Self.befriend(stage)
    try stage.run { stranger.headers.contains { $0.command == .addrv2 } }
    let frame = try #require(stranger.frames.first { $0.header.command == .addrv2 })
    let message = try Message.decode(.addrv2, payload: frame.payload.span.bytes).message
    guard case .addrv2(let told) = message else { return }
    let first = stage.simnet.settings.base + 13
    let port = stage.simnet.settings.port
    #expect(Set(told.nodes.map(\.endpoint)) == Set((0..<50).map { Endpoint(.ipv4(first + $0), port: port) }))
  }

  @Test func spamsInTheOldFormToo() throws {
    let stage = try Self.stage(.addressSpammer)
    let stranger = try Self.meet(stage)
    stranger.send(.version(.observer()), .verack)
    try stage.run { stranger.headers.count { $0.command == .addr } >= 2 }
  }

  @Test func announcesWithoutEnd() throws {
    let stage = try Self.stage(.inventoryFlooder)
    let stranger = try Self.befriend(stage)
    try stage.run { stranger.headers.count { $0.command == .inv } >= 20 }
    let last = try #require(stranger.frames.last { $0.header.command == .inv })
    guard case .inv(let message) = try Message.decode(.inv, payload: last.payload.span.bytes).message else {
      return
    }
    #expect(Set(message.items.map(\.hash)).count == Misbehaviour.inventoryCount)
  }

  @Test func waitsWhereNobodyReads() throws {
    let stage = try Self.stage(.inventoryFlooder)
    let stranger = try Self.befriend(stage)
    stranger.stream?.pause()
    var sent = -1
    // Once the buffers are full nothing more is sent, however long the test waits.
    try stage.run {
      for _ in 0..<30 { stage.loop.runOnce() }
      defer { sent = stage.simnet.statistics.sent }
      return sent == stage.simnet.statistics.sent
    }
    stranger.stream?.resume()
    try stage.run { stage.simnet.statistics.sent > sent }
  }

  @Test func pingsWithoutEnd() throws {
    let stage = try Self.stage(.pingFlooder)
    let stranger = try Self.befriend(stage)
    try stage.run { stranger.headers.count { $0.command == .ping } >= 500 }
    stranger.send(.ping(PingMessage(nonce: 77)))
    try stage.run { stranger.headers.contains { $0.command == .pong } }
  }

  @Test func sendsWrongChecksums() throws {
    let stage = try Self.stage(.wrongChecksum)
    let stranger = try Self.befriend(stage)
    try stage.run { stranger.headers.count { $0.command == .ping } >= 10 }
    for (header, payload) in stranger.frames {
      let isRight = Hash256.checksum(payload.span.bytes) == header.checksum
      #expect(isRight == (header.command != .ping))
    }
  }

  @Test func countsMoreThanItSends() throws {
    let stage = try Self.stage(.overcounting)
    let stranger = try Self.befriend(stage)
    try stage.run {
      Set(stranger.headers.map(\.command)).isSuperset(of: [.inv, .headers, .addr, .tx])
    }
    for (header, payload) in stranger.frames where [.inv, .headers, .addr, .tx].contains(header.command) {
      #expect(Hash256.checksum(payload.span.bytes) == header.checksum)
      #expect(throws: WireError.self) { try Message.decode(header.command, payload: payload.span.bytes) }
    }
  }

  @Test func putsNothingIntoWhatItPromised() throws {
    let stage = try Self.stage(.promise)
    let stranger = try Self.befriend(stage)
    for nonce: UInt64 in 1...3 {
      let received = stage.simnet.statistics.received
      stranger.send(.ping(PingMessage(nonce: nonce)))
      try stage.run { stage.simnet.statistics.received > received && stranger.rest.count >= 24 }
    }
    #expect(stranger.rest.count == MessageHeader.size)
  }

  @Test func isResetWhenItsNodeGoesDown() throws {
    var settings = SimnetSettings.small(nodes: 3)
    settings.neighbours = try #require(NeighbourShares("silent=0.34,refused=0.34"))
    settings.churn = 3000
    settings.downTime = 0.1
    let stage = try Stage(settings)
    let silent = try #require(stage.simnet.neighbourhood.kinds.firstIndex(of: .silent))
    let refusing = try #require(stage.simnet.neighbourhood.kinds.firstIndex(of: .refused))
    try stage.run { stage.simnet.isUp(silent) }
    let stranger = Stranger(to: stage.simnet.endpoints[silent], on: stage.loop)
    try stage.run { stranger.closeReason != nil || stranger.connectError != nil }
    // A `refused` node never listens, however often it comes back.
    for _ in 0..<3 {
      try stage.run { !stage.simnet.isUp(refusing) }
      try stage.run { stage.simnet.isUp(refusing) }
    }
    #expect(!stage.simnet.unlistened.contains(refusing))
    let late = Stranger(to: stage.simnet.endpoints[refusing], on: stage.loop)
    try stage.run { late.connectError != nil }
  }

  @Test func saysItsVersionTwice() throws {
    let stage = try Self.stage(.versionTwice)
    let stranger = try Self.befriend(stage)
    try stage.run { stranger.headers.map(\.command) == [.version, .sendaddrv2, .verack, .version] }
  }

  /// The version that a node of this kind sends, and the node without its disguise.
  private func versions(_ kind: Neighbour) throws -> (VersionMessage, SimulatedNode, Stage) {
    let stage = try Self.stage(kind)
    let observer = Observer(to: stage.simnet.endpoints[1], on: stage.loop)
    try stage.run { observer.stream != nil }
    observer.send(.version(.observer()), .verack)
    try stage.run { observer.commands.contains(.ping) }
    guard case .version(let version)? = observer.messages.first else {
      throw IOError("see a version", code: 0)
    }
    return (version, stage.simnet.nodes[1], stage)
  }

  @Test func hasAWrongClock() throws {
    let (version, _, _) = try versions(.clockSkewed)
    #expect(abs(version.time - Int64(Clock.now() / second)) > 3600)
  }

  @Test func isYearsBehind() throws {
    let (version, _, stage) = try versions(.staleTip)
    #expect(version.startHeight == 0 && stage.simnet.ledger.height >= 120)
    var observer: VersionMessage = .observer()
    observer.startHeight = 900_000
    let disguise = try #require(Disguise(.staleTip, of: 1, seed: 1))
    guard case .version(let changed) = disguise.apply(to: .version(observer)) else { return }
    #expect((0..<800_000).contains(try #require(changed.startHeight)))
  }

  @Test func keepsNewBlocksToItself() throws {
    var settings = SimnetSettings.small(nodes: 3)
    settings.blockInterval = 0.1
    settings.neighbours = try #require(NeighbourShares("stale-tip=1"))
    let stage = try Stage(settings)
    let observer = Observer(to: stage.simnet.endpoints[1], on: stage.loop)
    try stage.run { observer.stream != nil }
    observer.send(.version(.observer()), .verack)
    try stage.run { observer.commands.contains(.ping) }
    let height = stage.simnet.ledger.tip(of: 1)
    try stage.run { stage.simnet.ledger.tip(of: 1) > height + 2 && observer.commands.contains(.inv) }
    for case .inv(let inventory) in observer.messages {
      #expect(!inventory.items.contains { $0.type == .block })
    }
  }

  @Test func liesAboutItsServices() throws {
    let (version, node, _) = try versions(.serviceLiar)
    #expect(version.services != node.profile.services)
  }

  @Test func tellsTheTruthFileWhoIsWhat() throws {
    let path = "/tmp/simnet-neighbours-\(getpid())-\(Clock.monotonic())"
    defer { unlink(path) }
    let stage = try Self.stage(.mute, truthPath: path)
    stage.simnet.close()
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1000)
    #expect(fgets(&line, 1000, file) != nil)
    let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    #expect(text.hasSuffix(",\"neighbour\":\"mute\"}\n"))
  }

  @Test func connectsOutByItself() throws {
    let loop = EventLoop()
    var observers: [Observer] = []
    let listener = try Listener(on: .ipv4(0x7f00_0001, port: 0), loop: loop) { descriptor, _ in
      let observer = Observer()
      observer.take(descriptor, on: loop)
      observers.append(observer)
    } fail: {
      Issue.record($0)
    }
    var settings = SimnetSettings.small(nodes: 3)
    settings.neighbours = try #require(NeighbourShares("version-twice=1"))
    settings.dial = (Endpoint(.ipv4(0x7f00_0001), port: listener.address.port), 1)
    let stage = try Stage(settings, loop: loop)
    try stage.run { observers.first?.commands == [.version] }
    observers[0].send(.version(.observer()), .verack)
    try stage.run { observers[0].commands == [.version, .sendaddrv2, .verack, .version] }
  }
}
