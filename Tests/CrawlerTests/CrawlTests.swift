import BitcoinWire
import Observations
import Testing

@testable import Crawler

@Suite struct CrawlTests {
  /// A chain of nodes, each of which advertises the next one.
  static func chain(_ count: UInt32) -> World {
    let world = World()
    for number in 0..<count {
      let next = number + 1 < count ? [World.node(World.endpoint((number + 1) << 16))] : []
      world.kinds[World.endpoint(number << 16)] = .node(next)
    }
    return world
  }

  @Test func followsWhatNodesTellUntilNothingIsLeft() {
    let world = Self.chain(20)
    world.crawl.add([World.endpoint(0)], at: 0)
    #expect(world.pass())
    #expect(world.found == Set((0..<20).map { World.endpoint($0 << 16) }))
    #expect(world.dialled.values.allSatisfy { $0 == 1 })
    #expect(world.open.isEmpty, "what is not held is closed")
    #expect(world.crawl.reachable == [.ipv4: 20])
    #expect(world.crawl.takeAttempts().count == 20)
  }

  @Test func saysWhatBecameOfEach() {
    let world = World()
    let kinds: [World.Kind] = [.full, .closed, .silent, .other]
    var told: [KnownNode] = []
    for (number, kind) in kinds.enumerated() {
      let endpoint = World.endpoint(UInt32(number + 1) << 16)
      world.kinds[endpoint] = kind
      told.append(World.node(endpoint))
    }
    world.kinds[World.endpoint(0)] = .node(told)
    world.crawl.add([World.endpoint(0)], at: 0)
    #expect(world.pass())
    let states: [NodeState] = [.reachable, .full, .refused, .timedOut, .wrongNetwork]
    for (number, state) in states.enumerated() {
      #expect(world.state(World.endpoint(UInt32(number) << 16)) == state)
    }
    #expect(world.found == [World.endpoint(0)])
    // An address that answers in some way is tried a second time in the pass; a silent one is not.
    #expect(world.dialled[World.endpoint(1 << 16)] == 2)
    #expect(world.dialled[World.endpoint(2 << 16)] == 1)
    #expect(world.dialled[World.endpoint(3 << 16)] == 1)
  }

  @Test func survivesAnyTimeOfAnAddressThatWaits() {
    let world = World()
    let full = World.endpoint(2 << 16)
    let told = [0, 1, UInt32.max - 600, .max].map { KnownNode(time: $0, services: .network, endpoint: full) }
    world.kinds = [
      World.endpoint(0): .node([World.node(full), World.node(World.endpoint(1 << 16))]),
      World.endpoint(1 << 16): .node(told), full: .full,
    ]
    world.crawl.add([World.endpoint(0)], at: 0)
    #expect(world.pass())
    #expect(world.state(full) == .full)
  }

  @Test func givesUpSoonerWhereNobodyEverAnswered() {
    let world = World()
    world.crawl.add([World.endpoint(0)], at: 0)
    world.crawl.add(StoredCandidate(World.endpoint(1 << 16), lastReached: 1_799_000_000), at: 0)
    #expect(world.run(for: 5.5) { $0.state(World.endpoint(0)) == .timedOut })
    #expect(world.now < 5.5)
    #expect(world.state(World.endpoint(1 << 16)) == .untried)
    #expect(world.run(for: 6) { $0.state(World.endpoint(1 << 16)) == .timedOut })
    #expect(world.now > 10)
  }

  @Test func givesNothingUpThatTheConnectorHasNotBegun() {
    let world = World()
    world.crawl.isConnectorBusy = true
    world.crawl.add([World.endpoint(0)], at: 0)
    #expect(!world.run(for: 20) { $0.state(World.endpoint(0)) != .untried })
    world.crawl.isConnectorBusy = false
    #expect(world.run(for: 6) { $0.state(World.endpoint(0)) == .timedOut })
  }

  @Test func asksAgainOnlyWhenThatCanBringSomethingNew() {
    let world = Self.chain(3)
    world.crawl.add([World.endpoint(0)], at: 0)
    #expect(world.pass())
    #expect(world.asked.count == 3)
    world.now = 4000
    #expect(world.pass())
    #expect(world.asked.count == 3)
    #expect(world.dialled[World.endpoint(0)] == 2)
    world.now = 90_000
    #expect(world.pass())
    #expect(world.asked.count == 6)
  }

  @Test func waitsLongerAfterEachFailure() throws {
    let world = World()
    world.kinds[World.endpoint(0)] = .closed
    world.crawl.add([World.endpoint(0)], at: 0)
    var times: [Double] = []
    for count in 1...5 {
      #expect(world.run(for: 20_000) { $0.dialled[World.endpoint(0)] == count })
      times.append(world.now)
    }
    for (failures, pair) in zip(times, times.dropFirst()).enumerated() {
      let base = 600 * Double(1 << failures)
      #expect((0.5 * base - 1...1.5 * base + 1).contains(pair.1 - pair.0))
    }
  }

  @Test func keepsItsRateAndItsDialsInFlight() {
    var settings = CrawlSettings()
    settings.rate = 50
    settings.inFlight = 100
    let world = World(settings)
    world.crawl.add((0..<1000).map { World.endpoint($0 << 16) }, at: 0)
    var most = 0
    for _ in 0..<100 {
      world.step()
      most = max(most, world.crawl.inFlightCount)
    }
    #expect(most == 100)
    #expect((200...520).contains(world.crawl.counts.dials))
  }

  @Test func countsConnectionsOfOthersAndLeavesThem() {
    let world = Self.chain(2)
    world.crawl.adopt(900, World.endpoint(0), World.introduction(), at: 0)
    #expect(world.crawl.takeAsks() == [900])
    world.crawl.told([World.node(World.endpoint(1 << 16))], by: 900, at: 0)
    #expect(world.pass())
    #expect(world.found.count == 2)
    #expect(world.dialled[World.endpoint(0)] == nil)
    #expect(world.crawl.connectionCount == 1)
  }

  @Test func staysOnThisMachineWhereTheNetworkDoes() {
    var settings = CrawlSettings()
    settings.dialsLoopbackOnly = true
    settings.holds = true
    let world = World(settings)
    let first = Endpoint("127.16.0.1:18444")!
    let second = Endpoint("127.16.0.2:18444")!
    let onion = Endpoint(.torV3(.zero), port: 8333)
    let cjdns = Endpoint(.cjdns(0xfc << 120 | 5), port: 8333)
    let elsewhere = [World.endpoint(5 << 16), Endpoint("[2a00:1::5]:8333")!, onion, cjdns]
    world.kinds[first] = .node((elsewhere + [second]).map { World.node($0) })
    world.kinds[second] = .node(elsewhere.map { World.node($0) })
    world.crawl.add([first] + elsewhere, at: 0)
    for endpoint in elsewhere { world.crawl.add(StoredCandidate(endpoint, lastReached: 5), at: 0) }
    #expect(world.pass())
    #expect(Set(world.dialled.keys) == [first, second])
    #expect(world.crawl.candidateCount == 2)
    // Not even if another client was connected to it, and that connection has ended.
    world.crawl.adopt(900, elsewhere[0], World.introduction(), at: world.now)
    world.crawl.ended(900, Outcome(.reset), at: world.now)
    #expect(!world.run(for: 100) { $0.dialled.count > 2 })
  }

  @Test func noticesThatAConnectionOfOthersEnds() {
    var settings = CrawlSettings()
    settings.holds = true
    let world = World(settings)
    world.kinds[World.endpoint(0)] = .node([])
    world.crawl.adopt(900, World.endpoint(0), World.introduction(), at: 0)
    #expect(world.crawl.isLinked(900))
    world.crawl.ended(900, Outcome(.reset), at: 0)
    #expect(world.run(for: 10) { $0.open.count == 1 })
    #expect(!world.crawl.isLinked(900))
  }

  @Test func triesAtOnceWhatIsToldToBeBack() {
    let world = World()
    let gone = World.endpoint(1 << 16)
    world.kinds[gone] = .closed
    world.crawl.adopt(900, World.endpoint(0), World.introduction(), at: 0)
    world.crawl.add([gone], at: 0)
    #expect(world.run(for: 5) { $0.state(gone) == .refused })
    world.kinds[gone] = .node([])
    world.now = 100
    // First with a time before the failure, then with a later one.
    world.crawl.told([World.node(gone, time: World.epoch - 9)], by: 900, at: world.now)
    #expect(!world.run(for: 5) { $0.found.contains(gone) })
    world.crawl.told([World.node(gone, time: World.epoch + 50)], by: 900, at: world.now)
    #expect(world.run(for: 5) { $0.found.contains(gone) })
  }

  @Test func triesSoonWhatIsToldToBeBackRightAfterAnAttempt() {
    let world = World()
    let gone = World.endpoint(1 << 16)
    world.kinds[gone] = .closed
    world.crawl.adopt(900, World.endpoint(0), World.introduction(), at: 0)
    world.crawl.add([gone], at: 0)
    #expect(world.run(for: 5) { $0.state(gone) == .refused })
    world.kinds[gone] = .node([])
    world.now = 20
    // However often it is advertised, it is not dialled for a minute.
    for _ in 0..<3 {
      world.crawl.told([World.node(gone, time: World.epoch + 19)], by: 900, at: world.now)
      #expect(!world.run(for: 5) { $0.dialled[gone]! > 1 })
    }
    #expect(world.run(for: 30) { $0.found.contains(gone) })
    #expect((59...63).contains(world.now))
    #expect(world.dialled[gone] == 2)
  }

  @Test func looksUpWhoIsConnectedAlready() {
    let world = World()
    world.crawl.add([World.endpoint(0)], at: 0)
    let dials = world.crawl.nextDials(limit: 9, at: 0)
    world.crawl.begun(dials, as: [5], at: 0)
    world.crawl.ended(5, Outcome(.alreadyConnected, .connection(3)), at: 0)
    #expect(world.crawl.takeLookups() == [3])
    world.crawl.adopt(3, World.endpoint(0), World.introduction(), at: 0)
    #expect(world.found == [World.endpoint(0)])
    #expect(world.crawl.takeAsks() == [3])
  }

  @Test func neverDialsWhoOptedOutOrCannotBeReached() throws {
    var settings = CrawlSettings()
    settings.optedOut = [try #require(AddressRange("32.1.0.0/16"))]
    let world = World(settings)
    let told = ["32.1.2.3:8333", "127.0.0.1:8333", "10.0.0.1:8333", "32.2.0.1:0", "32.2.0.1:8333"].map {
      World.node(Endpoint($0)!)
    }
    world.kinds[World.endpoint(0)] = .node(told)
    world.crawl.add([World.endpoint(0)], at: 0)
    #expect(world.pass())
    #expect(Set(world.dialled.keys) == [World.endpoint(0), Endpoint("32.2.0.1:8333")!])
    #expect(world.crawl.counts.inadmissible == 4)
  }

  @Test func dialsWhoWasHeldTheLessTheLongerItIsAway() {
    var settings = CrawlSettings()
    settings.holds = true
    let world = World(settings)
    let gone = World.endpoint(0)
    world.kinds[gone] = .node([])
    world.crawl.add([gone], at: 0)
    #expect(world.run(for: 20) { $0.open.count == 1 })
    world.takeDown(gone)
    let left = world.now
    var last = (time: left, count: 1)
    var intervals: [(absence: Double, seconds: Double)] = []
    while world.now < left + 40 * 86_400 {
      // Larger steps while little happens.
      if world.now > left + 3600 { world.now += world.now > left + 90_000 ? 299.9 : 0.9 }
      world.step()
      guard let count = world.dialled[gone], count > last.count else { continue }
      #expect(count == last.count + 1)
      intervals.append((last.time - left, world.now - last.time))
      last = (world.now, count)
    }
    // Times are whole seconds, and a dial takes two steps, from the dial to its result and to the next one.
    for (absence, seconds) in intervals {
      let expected = absence * CrawlSettings.holdShare
      switch absence {
      case ..<3600: #expect((2...max(2.5, min(36, expected + 0.1) * 1.25 + 0.3)).contains(seconds))
      case ..<86_400: #expect((26...47).contains(seconds))
      case ..<90_000: #expect(seconds > 2000)
      default:
        let wait = min(settings.backoffLimit, expected)
        #expect((wait * 0.75 - 1...wait * 1.25 + 700).contains(seconds), "after \(absence) s")
      }
    }
    let early = intervals.count { $0.absence < 600 }
    #expect((80...110).contains(early), "\(early) in ten minutes")
    #expect(intervals.count { $0.absence < 86_400 } < 2600)
    #expect((40...120).contains(intervals.count { $0.absence > 86_400 }))
  }

  @Test func passesEndWhereNothingEverSettles() {
    for holds in [true, false] {
      var settings = CrawlSettings()
      settings.holds = holds
      settings.passInterval = 50
      let world = World(settings)
      world.crawl.adopt(900, World.endpoint(0), World.introduction(), at: 0)
      world.crawl.beginPass(at: 0)
      var number: UInt32 = 1
      while world.now < 100 {
        // There is always an address that does not answer.
        world.crawl.told([World.node(World.endpoint(number << 16))], by: 900, at: world.now)
        number += 1
        #expect(!world.run(for: 2) { $0.crawl.isSettled })
        #expect(world.crawl.isOver(at: world.now) == (holds && world.now >= 50))
      }
    }
  }

  @Test func holdsEachNodeAndIsBackWithinAMinute() {
    var settings = CrawlSettings()
    settings.holds = true
    let world = World(settings)
    for number in UInt32(0)..<50 {
      let others = (UInt32(0)..<50).map { World.node(World.endpoint($0 << 16)) }
      world.kinds[World.endpoint(number << 16)] = .node(others)
    }
    world.crawl.add([World.endpoint(0)], at: 0)
    #expect(world.pass())
    #expect(world.open.count == 50)
    let gone = World.endpoint(7 << 16)
    let kind = world.kinds[gone]!
    for downTime in [0.0, 5, 100, 3000] {
      world.takeDown(gone)
      #expect(world.open.count == 49)
      #expect(!world.run(for: downTime) { $0.open.count == 50 })
      world.kinds[gone] = kind
      #expect(world.run(for: 60) { $0.open.count == 50 }, "after \(downTime) s")
    }
    #expect(world.dialled[World.endpoint(0)] == 1)
  }
}
