import BitcoinWire
import Testing

@testable import Crawler

@Suite struct RoundTests {
  private static let first = World.endpoint(1 << 16)
  private static let second = World.endpoint(2 << 16)
  private static let third = World.endpoint(3 << 16)

  /// A network of two connected nodes, both of which tell of a third, and a crawl that asks in rounds.
  private static func world(_ change: (inout CrawlSettings) -> Void = { _ in }) -> World {
    var settings = CrawlSettings()
    settings.holds = true
    settings.rounds = CrawlRounds()
    change(&settings)
    let world = World(settings)
    world.kinds = [
      first: .node([third, second].map { World.node($0) }),
      second: .node([third, first].map { World.node($0) }),
      third: .node([first, second].map { World.node($0) }),
    ]
    world.connect(first, as: 1001)
    world.connect(second, as: 1002)
    return world
  }

  /// Holds a round until it is settled.
  private static func round(_ world: World, reconnectsAll: Bool = false) -> Bool {
    world.crawl.beginRound(reconnectsAll: reconnectsAll, at: world.now)
    defer { world.crawl.endRound() }
    return world.run(for: 600) { $0.crawl.isRoundSettled }
  }

  @Test func asksOnlyWhileARoundIsUnderWay() {
    let world = Self.world()
    _ = world.run(for: 5)
    #expect(world.asked == [])
    #expect(Self.round(world))
    #expect(world.asked.prefix(2) == [1001, 1002])
    #expect(world.found == [Self.first, Self.second, Self.third], "connects to what it is told")
    // The third connected while the round was under way.
    #expect(world.crawl.counts.asks == 3)
    #expect(world.crawl.counts.answers == 3)
    #expect(world.crawl.counts.new == 1)
    #expect(world.crawl.counts.reached == 1)
    #expect(world.crawl.takeNewAddresses() == [Self.third])
    #expect(world.crawl.takeNewAddresses() == [])
    let asks = world.asked.count
    world.connect(World.endpoint(9 << 16), as: 1009)
    _ = world.run(for: 5)
    #expect(world.asked.count == asks)
  }

  @Test func renewsConnectionsThatWereAsked() {
    let world = Self.world()
    #expect(Self.round(world))
    world.connect(World.endpoint(9 << 16), as: 1009)
    let asks = world.asked.count
    #expect(Self.round(world))
    #expect(world.dialled[Self.first] == 1)
    #expect(world.dialled[Self.second] == 1)
    #expect(world.dialled[Self.third] == 2)
    // Not asked before, so it is asked in the connection that stands.
    #expect(world.dialled[World.endpoint(9 << 16)] == nil)
    #expect(world.asked[asks...].contains(1009))
    #expect(world.asked.count == asks + 4)
    #expect(Set(world.asked).count == world.asked.count, "nobody is asked twice in a connection")
  }

  @Test func renewsAllOnRequest() {
    let world = Self.world()
    #expect(Self.round(world, reconnectsAll: true))
    #expect(world.dialled[Self.first] == 1)
    #expect(!world.asked.contains(1001))
    #expect(world.crawl.counts.answers == 3)
  }

  /// It could not dial them again.
  @Test func neverClosesConnectionsToWhoOptedOut() {
    let world = Self.world { $0.optedOut = [AddressRange("\(Self.first.address)")!] }
    #expect(Self.round(world, reconnectsAll: true))
    #expect(world.open[1001] == Self.first)
    #expect(world.dialled[Self.first] == nil)
    #expect(world.dialled[Self.second] == 1)
  }

  @Test func asksAgainAfterAPauseUpToTheLimit() {
    let world = Self.world {
      $0.rounds?.askLimit = 2
      $0.rounds?.askPause = 10
      $0.dialsCandidates = false
    }
    world.crawl.beginRound(reconnectsAll: false, at: world.now)
    _ = world.run(for: 9)
    #expect(world.asked == [1001, 1002])
    #expect(!world.crawl.isRoundSettled)
    #expect(world.run(for: 5) { $0.crawl.isRoundSettled })
    #expect(world.asked == [1001, 1002, 1001, 1002])
    #expect(world.now > 10)
  }

  @Test func asksOnlyThoseChosen() {
    let world = Self.world { $0.rounds?.asked = [Self.second] }
    #expect(Self.round(world))
    #expect(world.asked == [1002])
  }

  @Test func samplesOnceManyAreKnown() {
    let world = Self.world {
      $0.rounds?.samplingRate = 0.25
      $0.rounds?.sampledFrom = 102
      $0.dialsCandidates = false
    }
    let told = (0..<1000).map { World.node(World.endpoint((UInt32($0) + 100) << 16)) }
    world.kinds[Self.first] = .node(told)
    world.kinds[Self.second] = .node([])
    world.crawl.beginRound(reconnectsAll: false, at: 0)
    _ = world.run(for: 1)
    // Two nodes and 100 addresses, then a quarter of 900: 225, ± 5 standard deviations of 13.
    #expect((260...390).contains(world.crawl.counts.new), "\(world.crawl.counts.new)")
    #expect(world.crawl.counts.told == 1000)
  }

  @Test func remembersWhatItMayNotDial() {
    let world = Self.world { $0.dialsLoopbackOnly = true }
    let local = Endpoint("127.0.0.1:1")!
    let private_ = Endpoint("10.0.0.1:1")!
    world.kinds[Self.first] = .node([Self.third, local, private_].map { World.node($0) })
    world.crawl.beginRound(reconnectsAll: false, at: 0)
    _ = world.run(for: 1)
    #expect(world.crawl.takeNewAddresses() == [Self.third, local])
    #expect(world.dialled == [local: 1])
  }

  @Test func renewsEvenIfItDialsNothingElse() {
    let world = Self.world { $0.dialsCandidates = false }
    #expect(Self.round(world, reconnectsAll: true))
    #expect(world.dialled == [Self.first: 1, Self.second: 1])
    world.takeDown(Self.first)
    _ = world.run(for: 3600)
    #expect(world.dialled == [Self.first: 1, Self.second: 1], "a lost connection is not dialled")
  }

  @Test func dialsALostConnectionAgain() {
    let world = Self.world()
    world.takeDown(Self.first)
    #expect(world.run(for: 60) { $0.dialled[Self.first] != nil })
  }

  @Test func settlesWhenThereIsRoomForNoMore() {
    let world = Self.world { $0.connections = 2 }
    #expect(Self.round(world))
    #expect(world.dialled == [:])
    world.crawl.reservedConnections = 0
    let roomy = Self.world { $0.connections = 3 }
    roomy.crawl.reservedConnections = 1
    #expect(Self.round(roomy))
    #expect(roomy.dialled == [:], "connections of others count")
  }
}
