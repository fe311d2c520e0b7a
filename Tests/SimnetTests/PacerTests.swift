import BitcoinWire
import Bytes
import EventLoop
import Testing

@testable import SimnetCore

@Suite struct PacerTests {
  /// Settings of a network in which nothing else happens.
  static func settings(_ pace: PaceSettings) -> SimnetSettings {
    var settings = SimnetSettings.small(nodes: 3)
    settings.transactionRate = 0
    settings.blockInterval = 0
    settings.pace = pace
    return settings
  }

  @Test(arguments: [
    (61, 61), (97, 97), (96, 61), (9_097, 9_097), (9_133, 9_097), (9_135, 9_135), (100_000, 99_999),
  ])
  func makesMessagesOfTheWantedSize(wanted: Int, size: Int) throws {
    var random = RandomSource(seed: 1, purpose: "test")
    var message = PaceMessage(size: wanted, of: .simnet, random: random)
    var hashes: Set<Hash256> = []
    var count = 0
    for _ in 0..<3 {
      message.advance()
      #expect(message.bytes.count == size)
      let header = Stranger.header(message.bytes)
      let payload = Array(message.bytes.dropFirst(24))
      #expect(Int(header.length) == payload.count && header.magic == Network.simnet.magic)
      #expect(header.checksum == Hash256.checksum(payload.span.bytes))
      guard case .inv(let inventory) = try Message.decode(.inv, payload: payload.span.bytes).message else {
        Issue.record("no announcement")
        return
      }
      hashes.formUnion(inventory.items.map(\.hash))
      count += inventory.items.count
    }
    #expect(hashes.count == count)
    _ = random.next()
  }

  @Test func sendsAtTheWantedRateAtRandomTimes() throws {
    var pace = PaceSettings(.perSecond(2000))
    pace.count = 1000
    let stage = try Stage(Self.settings(pace))
    let begin = Clock.monotonic()
    let observers = try (0..<3).map { node in
      let observer = Observer(to: stage.simnet.endpoints[node], on: stage.loop)
      try stage.run { observer.stream != nil }
      observer.send(.version(.observer()), .verack)
      return observer
    }
    func count(_ observer: Observer) -> Int { observer.commands.count { $0 == .inv } }
    try stage.run { observers.reduce(0) { $0 + count($1) } == 1000 }
    // Never faster than set. The delay depends on the machine.
    #expect(Double(Clock.monotonic() - begin) / 1e9 > 0.4)
    #expect(observers.allSatisfy { count($0) > 200 })
    for _ in 0..<10 { stage.loop.runOnce() }
    #expect(observers.reduce(0) { $0 + count($1) } == 1000)
    #expect(stage.simnet.pacer?.sentCount == 1000)
  }

  @Test func floodsInBatchesAndLosesNothing() throws {
    var pace = PaceSettings(.flood)
    pace.count = 20_000
    let stage = try Stage(Self.settings(pace))
    let stranger = try NeighbourTests.befriend(stage)
    try stage.run { stranger.headers.count { $0.command == .inv } == 20_000 }
    var payloads: Set<[UInt8]> = []
    for (header, payload) in stranger.frames where header.command == .inv { payloads.insert(payload) }
    #expect(payloads.count == 20_000)
  }

  @Test func passesOverWhoDoesNotRead() throws {
    let stage = try Stage(Self.settings(PaceSettings(.flood)))
    let stranger = try NeighbourTests.befriend(stage)
    stranger.stream?.pause()
    var sent = -1
    try stage.run {
      for _ in 0..<30 { stage.loop.runOnce() }
      defer { sent = stage.simnet.statistics.sent }
      return sent == stage.simnet.statistics.sent
    }
    #expect(stage.simnet.statistics.established == 1)
    stranger.stream?.close(.closed("enough"))
    try stage.run { stage.simnet.statistics.sessions == 0 }
    let other = try NeighbourTests.befriend(stage)
    try stage.run { other.headers.contains { $0.command == .inv } }
  }
}
