import BitcoinWire
import Testing

@testable import Crawler

@Suite struct FloodTests {
  /// 300 real nodes that know each other, and liars that advertise addresses without nodes.
  static func flooded(spam: Int, _ settings: CrawlSettings) -> (world: World, real: Set<Endpoint>) {
    let world = World(settings)
    var random = CrawlRandom(seed: 11)
    let real = (0..<300).map { World.endpoint($0 << 16) }
    for endpoint in real {
      let told = real.shuffled(using: &random).prefix(60).map { World.node($0) }
      world.kinds[endpoint] = .node(Array(told))
    }
    let liars = (0..<UInt32(spam / 1000)).map { World.endpoint(0x0300_0000 + $0 << 16) }
    for (number, liar) in liars.enumerated() {
      let base = UInt32(number) * 1000
      world.kinds[liar] = .node(
        (0..<1000).map { World.node(World.endpoint(0x1000_0000 + (base + $0) * 977)) }
      )
    }
    world.crawl.add(liars + [real[0]], at: 0)
    return (world, Set(real))
  }

  @Test func spamDoesNotDelayTheReal() {
    var settings = CrawlSettings()
    settings.inFlight = 200
    settings.rate = 200
    let (world, real) = Self.flooded(spam: 20_000, settings)
    world.crawl.beginPass(at: 0)
    #expect(world.run(for: 30) { $0.found.isSuperset(of: real) })
    // Addresses from liars alone still wait.
    #expect(world.crawl.frontierCount > 15_000)
    #expect(world.dialled.count < 3000)
  }

  @Test func marksWhoTellsNothingButNonsense() {
    var settings = CrawlSettings()
    settings.inFlight = 2000
    settings.rate = 2000
    let (world, _) = Self.flooded(spam: 3000, settings)
    #expect(world.pass())
    #expect(world.crawl.nonsensicalCount == 3)
    #expect(world.crawl.reachableNodes.filter(\.node.isNonsensical).count == 3)
  }

  @Test func takesFromANodeOneAnswerAndALittle() {
    let world = World()
    world.crawl.adopt(9000, World.endpoint(0), World.introduction(), at: 0)
    // Accepted: 1000 at once, 2500 more for being asked, then one every ten seconds.
    for part in UInt32(0)..<4 {
      let told = (0..<1000).map { World.node(World.endpoint((part * 1000 + $0 + 1) << 8)) }
      world.crawl.told(told, by: 9000, at: 0)
    }
    #expect(world.crawl.candidateCount == 3501)
    #expect(world.crawl.counts.overQuota == 500)
    world.crawl.told((0..<20).map { World.node(World.endpoint(0x1000_0000 + $0)) }, by: 9000, at: 100)
    #expect(world.crawl.candidateCount == 3511)
  }

  @Test func takesOfAGroupOnlySoManyAtATime() {
    var settings = CrawlSettings()
    settings.groupQuota = 100
    let world = World(settings)
    world.crawl.adopt(9000, World.endpoint(0), World.introduction(), at: 0)
    world.crawl.told((0..<500).map { World.node(World.endpoint(1 << 16 + $0)) }, by: 9000, at: 0)
    #expect(world.crawl.candidateCount == 101)
    // When these have been tried, there is room for others.
    #expect(world.run(for: 20) { $0.crawl.inFlightCount == 0 && $0.dialled.count == 100 })
    world.crawl.told((200..<250).map { World.node(World.endpoint(1 << 16 + $0)) }, by: 9000, at: world.now)
    #expect(world.crawl.candidateCount == 151)
  }

  @Test func forgetsTheLeastLikelyWhereThereAreTooMany() {
    var settings = CrawlSettings()
    settings.candidates = 1000
    let world = World(settings)
    let given = (0..<500).map { World.endpoint($0 << 16) }
    world.crawl.add(given, at: 0)
    for teller in UInt32(0)..<20 {
      let told = (0..<1000).map { World.node(World.endpoint(0x1000_0000 + (teller * 1000 + $0) << 12)) }
      world.crawl.adopt(
        1000 + teller,
        World.endpoint(0x0300_0000 + teller << 16),
        World.introduction(),
        at: 0
      )
      world.crawl.told(told, by: 1000 + teller, at: 0)
    }
    #expect(world.crawl.candidateCount == 1000)
    for endpoint in given { #expect(world.crawl.table.index(of: endpoint) != nil) }
    #expect(world.crawl.reachable[.ipv4] == 20)
    // Each candidate is found by its own address only.
    for index in UInt32(0)..<1000 {
      #expect(world.crawl.table.index(of: world.crawl.table[index].endpoint) == index)
    }
  }

  @Test func aCandidateTakesLittle() { #expect(MemoryLayout<Candidate>.stride <= 80) }

  @Test func levelsTakeTurnsByGroup() {
    var frontier = Frontier()
    for index in UInt32(0)..<100 { frontier.append(index, level: 5, group: 1 << 32) }
    frontier.append(200, level: 5, group: 2 << 32)
    frontier.append(300, level: 0, group: 0)
    let taken = (0..<4).compactMap { _ in frontier.popFirst()?.index }
    #expect(taken[0] == 300)
    #expect(taken.contains(200))
  }

  @Test func dueOnesComeInTheirOrder() {
    var agenda = Agenda()
    var random = CrawlRandom(seed: 3)
    let dues = (0..<500).map { _ in UInt32.random(in: 0..<1000, using: &random) }
    for (index, due) in dues.enumerated() { agenda.append(UInt32(index), due: due) }
    var taken: [UInt32] = []
    for time in stride(from: UInt32(0), to: 1000, by: 7) {
      while let index = agenda.popFirst(dueBy: time) {
        #expect(dues[Int(index)] <= time)
        taken.append(dues[Int(index)])
      }
    }
    while let index = agenda.popFirst(dueBy: .max) { taken.append(dues[Int(index)]) }
    #expect(taken == dues.sorted())
  }
}
