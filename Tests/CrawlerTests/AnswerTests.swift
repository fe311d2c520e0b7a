import BitcoinWire
import Observations
import Testing

@testable import Crawler

/// What counts as an answer to `getaddr`, and what becomes of a node that gives none.
@Suite struct AnswerTests {
  private static let peer = World.endpoint(0)

  /// A crawl that has just asked one node, on connection 1.
  private static func asked(_ change: (inout CrawlSettings) -> Void = { _ in }) -> Crawl {
    var settings = CrawlSettings()
    change(&settings)
    var crawl = Crawl(settings, epoch: World.epoch, seed: 7)
    crawl.add([peer], at: 0)
    connect(&crawl, as: 1, at: 1)
    return crawl
  }

  /// Dials the one node that is to be dialled, and asks it.
  private static func connect(_ crawl: inout Crawl, as connection: UInt32, at now: Double) {
    let dials = crawl.nextDials(limit: 1, at: now)
    #expect(dials.map(\.endpoint) == [peer])
    crawl.begun(dials, as: [connection], at: now)
    crawl.handshaken(connection, World.introduction(), duration: 1, at: now)
    #expect(crawl.takeAsks() == [connection])
  }

  private static func nodes(_ numbers: Range<UInt32>) -> [KnownNode] {
    numbers.map { World.node(World.endpoint(($0 + 1) << 16)) }
  }

  @Test func asksAgainWhoClosedWithoutAnAnswer() {
    var crawl = Self.asked()
    crawl.ended(1, Outcome(.closedByPeer), at: 2)
    #expect(crawl.counts.answers == 0)
    #expect(!crawl.isSettled)
    crawl.advance(to: 6)
    Self.connect(&crawl, as: 2, at: 6)
    crawl.told(Self.nodes(0..<5), by: 2, at: 7)
    #expect(crawl.counts.answers == 1)
  }

  /// Once in a pass, and in the next one.
  @Test func asksOnceMoreInAPass() {
    var crawl = Self.asked()
    crawl.beginPass(at: 1)
    crawl.ended(1, Outcome(.closedByPeer), at: 2)
    crawl.advance(to: 6)
    Self.connect(&crawl, as: 2, at: 6)
    crawl.ended(2, Outcome(.closedByPeer), at: 7)
    crawl.advance(to: 500)
    #expect(crawl.isSettled)
    crawl.beginPass(at: 600)
    Self.connect(&crawl, as: 3, at: 600)
  }

  @Test func keepsAnAnswerThatEndsWithItsConnection() {
    var crawl = Self.asked()
    crawl.told(Self.nodes(0..<20), by: 1, at: 2)
    crawl.ended(1, Outcome(.closedByPeer), at: 2)
    #expect(crawl.counts.answers == 1)
    crawl.advance(to: 10)
    #expect(crawl.takeDescribed().first?.node.answerCount == 20)
    // It is not asked again for a day.
    #expect(crawl.nextDials(limit: 100, at: 10).allSatisfy { $0.endpoint != Self.peer })
  }

  @Test func takesOneAddressForNoAnswer() {
    var crawl = Self.asked()
    for number in 0..<20 as Range<UInt32> {
      crawl.told(Self.nodes(number..<number + 1), by: 1, at: 2 + Double(number))
      crawl.advance(to: 2 + Double(number))
    }
    #expect(crawl.counts.answers == 0)
    #expect(crawl.takeDisconnects() == [])
    crawl.told(Self.nodes(20..<22), by: 1, at: 30)
    #expect(crawl.counts.answers == 1)
  }

  @Test func takesGossipForNoAnswerInALargeNetwork() {
    var crawl = Self.asked()
    crawl.add((0..<2000 as Range<UInt32>).map { World.endpoint(($0 + 5000) << 8) }, at: 1)
    crawl.told(Self.nodes(0..<10), by: 1, at: 2)
    crawl.advance(to: 20)
    #expect(crawl.counts.answers == 0)
    #expect(crawl.takeDisconnects() == [])
    // An answer in small messages is one in all.
    crawl.told(Self.nodes(10..<20), by: 1, at: 21)
    #expect(crawl.counts.answers == 1)
  }

  @Test func waitsForTheRestOfAnAnswer() {
    var crawl = Self.asked()
    for (index, time) in [2.0, 4.5, 7].enumerated() {
      let begin = UInt32(index) * 20
      crawl.told(Self.nodes(begin..<begin + 20), by: 1, at: time)
      crawl.advance(to: time + 2.5)
      #expect(crawl.takeDisconnects() == [])
    }
    #expect(crawl.counts.answers == 1)
    crawl.advance(to: 10.1)
    #expect(crawl.takeDisconnects() == [1])
    #expect(crawl.takeDescribed().map(\.node.answerCount) == [60])
  }

  @Test func acceptsTheLongestAnswerThereIs() {
    var crawl = Self.asked()
    for begin in [0, 1000, 2000] as [UInt32] {
      crawl.told(Self.nodes(begin..<min(begin + 1000, 2500)), by: 1, at: 2)
    }
    #expect(crawl.counts.new == 2500)
    #expect(crawl.counts.overQuota == 0)
  }

  /// A peer may send addresses without end.
  @Test(arguments: [(1000, 4.0), (20, 20)]) func endsAnAnswerThatGoesOn(_ count: UInt32, _ latest: Double) {
    var crawl = Self.asked()
    var time = 2.0
    while crawl.takeDisconnects().isEmpty, time < 60 {
      crawl.told(Self.nodes(0..<count), by: 1, at: time)
      time += 1
      crawl.advance(to: time)
    }
    #expect(time <= latest + 1, "\(time)")
    #expect(crawl.counts.answers == 1)
  }
}
