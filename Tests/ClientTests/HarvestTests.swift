import BitcoinWire
import Testing

@testable import ClientCore

/// Returns given numbers in order, so that a test knows what is drawn; then low numbers (Swift may reject 0
/// and draw again).
private struct Dice: RandomNumberGenerator {
  var numbers: [UInt64]
  mutating func next() -> UInt64 { numbers.isEmpty ? 1 << 20 : numbers.removeFirst() }
}

@Suite struct HarvestTests {
  static let first = Endpoint("8.8.0.1:8333")!
  static let second = Endpoint("8.8.0.2:8333")!

  static func nodes(_ texts: String...) -> [KnownNode] {
    texts.map { KnownNode(time: 0, services: [], endpoint: Endpoint($0)!) }
  }

  /// A harvest with two outbound connections, 1 and 2, and an inbound one, 3.
  static func harvest(_ change: (inout Harvest.Settings) -> Void = { _ in }) -> Harvest {
    var settings = Harvest.Settings()
    change(&settings)
    var harvest = Harvest(settings, random: Dice(numbers: []))
    harvest.opened(1, first, isOutbound: true, at: 0)
    harvest.opened(2, second, isOutbound: true, at: 0)
    harvest.opened(3, Endpoint("8.8.0.3:50000")!, isOutbound: false, at: 0)
    return harvest
  }

  @Test func asksWhomWeConnectedTo() {
    var harvest = Self.harvest()
    #expect(harvest.nextAsks(at: 1) == [])
    #expect(harvest.begin(reconnectsAll: false, at: 2) == [])
    #expect(harvest.nextAsks(at: 2) == [1, 2])
    #expect(harvest.nextAsks(at: 2) == [])
    #expect(!harvest.isSettled)
    #expect(
      harvest.told(Self.nodes("1.1.1.1:8333", "8.8.0.1:8333"), by: 1, at: 3).new == [
        Endpoint("1.1.1.1:8333")!
      ]
    )
    harvest.closed(2, Self.second, at: 3)
    #expect(harvest.isSettled)
    #expect(harvest.answerCount == 1)
    // A connection that opens during a round takes part in it.
    harvest.opened(4, Self.second, isOutbound: true, at: 4)
    #expect(harvest.nextAsks(at: 4) == [4])
    harvest.end()
    harvest.opened(5, Endpoint("8.8.0.5:8333")!, isOutbound: true, at: 5)
    #expect(harvest.nextAsks(at: 5) == [])
  }

  @Test func reconnectsBeforeItAsksAgain() {
    var harvest = Self.harvest()
    _ = harvest.begin(reconnectsAll: false, at: 0)
    _ = harvest.nextAsks(at: 0)
    harvest.end()
    harvest.opened(4, Endpoint("8.8.0.4:8333")!, isOutbound: true, at: 1)
    // Connection 4 was not asked yet.
    #expect(harvest.begin(reconnectsAll: false, at: 10) == [1, 2])
    #expect(harvest.redialled(1) == Self.first)
    harvest.noteDial(Self.first)
    #expect(harvest.redialled(2) == Self.second)
    #expect(harvest.nextAsks(at: 10) == [4])
    // The end of the old connection does not count as a failure of the new one.
    harvest.closed(1, Self.first, at: 11)
    #expect(!harvest.isIdle)
    harvest.opened(9, Self.first, isOutbound: true, at: 12)
    #expect(harvest.isIdle)
    #expect(harvest.nextAsks(at: 12) == [9])
    var fresh = Self.harvest()
    #expect(fresh.begin(reconnectsAll: true, at: 0) == [1, 2])
  }

  @Test func asksAgainAfterAPauseUpToTheLimit() {
    var harvest = Self.harvest { $0.askLimit = 2 }
    _ = harvest.begin(reconnectsAll: false, at: 0)
    #expect(harvest.nextAsks(at: 0) == [1, 2])
    _ = harvest.told(Self.nodes("1.1.1.1:1"), by: 1, at: 5)
    #expect(harvest.nextAsks(at: 14) == [])
    #expect(harvest.nextAsks(at: 15) == [1])
    _ = harvest.told(Self.nodes("1.1.1.1:1"), by: 1, at: 16)
    #expect(harvest.nextAsks(at: 100) == [])
  }

  @Test func samplesOnceManyAreKnown() {
    var settings = Harvest.Settings()
    settings.samplingRate = 0.5
    settings.sampledFrom = 2
    // The highest number draws a probability near 1.
    var harvest = Harvest(settings, random: Dice(numbers: [.max, 0]))
    let yield = harvest.told(Self.nodes("1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1", "1.1.1.4:1"), by: 1, at: 0)
    #expect(yield.count == 4)
    #expect(yield.new.map(\.description) == ["1.1.1.1:1", "1.1.1.2:1", "1.1.1.4:1"])
  }

  @Test func dialsWhatIsNewAndBacksOff() {
    var harvest = Self.harvest()
    _ = harvest.told(Self.nodes("1.1.1.1:1", "10.0.0.1:1", "127.0.0.1:1", "1.1.1.2:0"), by: 1, at: 0)
    let node = Endpoint("1.1.1.1:1")!
    #expect(harvest.nextDials(limit: 0, at: 0) == [])
    #expect(harvest.nextDials(limit: 9, at: 0) == [node])
    #expect(harvest.nextDials(limit: 9, at: 0) == [])
    harvest.closed(nil, node, at: 1)
    // The dice return 0: dial at once.
    #expect(harvest.nextDials(limit: 9, at: 1) == [node])
    harvest.opened(7, node, isOutbound: true, at: 2)
    #expect(harvest.reachedCount == 1)
    #expect(harvest.dialCount == 2)
    // A lost connection is retried, and the node counts as reached once.
    harvest.closed(7, node, at: 3)
    #expect(harvest.nextDials(limit: 9, at: 3) == [node])
    harvest.opened(8, node, isOutbound: true, at: 4)
    #expect(harvest.reachedCount == 1)
  }

  @Test func dialsThisMachineOnlyWhereThatIsTheNetwork() {
    var harvest = Self.harvest { $0.dialsLoopback = true }
    _ = harvest.told(Self.nodes("1.1.1.1:1", "127.0.0.1:1"), by: 1, at: 0)
    #expect(harvest.nextDials(limit: 9, at: 0) == Self.nodes("127.0.0.1:1").map(\.endpoint))
    var idle = Self.harvest { $0.dials = false }
    _ = idle.told(Self.nodes("1.1.1.1:1"), by: 1, at: 0)
    #expect(idle.nextDials(limit: 9, at: 0) == [])
    idle.closed(1, Self.first, at: 0)
    #expect(idle.nextDials(limit: 9, at: 1e6) == [])
  }

  @Test func backsOffEverLater() {
    var backoff = Backoff()
    var dice = Dice(numbers: [])
    #expect(backoff.delay(&dice) == 0)
    for _ in 0..<20 { backoff.begin() }
    #expect(backoff.failures == 14)
    var random = SystemRandomNumberGenerator()
    let delays = (0..<200).map { _ in backoff.delay(&random) }
    #expect(delays.allSatisfy { (0...5 * 16383).contains($0) })
    #expect(delays.contains { $0 > 1000 })
    for _ in 0..<20 { backoff.stand() }
    #expect(backoff.failures == 0)
  }

  @Test func keepsToTheSchedule() {
    // 2026-01-01 00:00:00 UTC. In every zone these times are whole hours from local midnight.
    let now = 1_767_225_600
    let hourly = GetaddrSchedule(hours: Array(0...23), minutes: [0, 15])
    #expect(hourly.next(after: now) == now + 900)
    #expect(hourly.next(after: now + 900) == now + 3600)
    #expect(hourly.next(after: now - 1) == now)
    let daily = GetaddrSchedule(hours: [5], minutes: [59])
    let next = daily.next(after: now)!
    #expect(next > now && next <= now + 86_400)
    #expect(daily.next(after: next) == next + 86_400)
    #expect(GetaddrSchedule(hours: [], minutes: [1]).next(after: now) == nil)
  }
}
