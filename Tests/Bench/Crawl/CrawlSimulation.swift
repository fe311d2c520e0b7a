import BitcoinWire
import ControlProtocol
import Crawler
import Observations

/// A crawl of a network in steps of simulated time. Handshakes take 0.2 s, answers one second.
struct CrawlSimulation {
  private static let tick = 0.05
  private static let epoch = 1_800_000_000.0

  private let network: CrawledNetwork
  private var random = SplitMix(state: 5)
  private var handshakes: [(time: Double, connection: UInt32)] = []
  private var answers: [(time: Double, connection: UInt32)] = []
  private var handshakeHead = 0
  private var answerHead = 0
  private var lastConnection: UInt32 = 0
  private let introduction = PeerIntroduction(
    protocolVersion: 70016,
    services: [.network, .witness],
    userAgent: Array("/Satoshi:31.0.0/".utf8),
    startHeight: 900_000,
    relay: true
  )

  /// The crawl.
  private(set) var crawl: Crawl
  /// Seconds since the crawl began.
  private(set) var now = 0.0

  /// Begins a crawl with ten nodes.
  init(_ network: CrawledNetwork, _ settings: CrawlSettings) {
    self.network = network
    crawl = Crawl(settings, epoch: Self.epoch, seed: 1)
    crawl.add((0..<10).map { CrawledNetwork.endpoint($0) }, at: 0)
    crawl.beginPass(at: 0)
  }

  /// The number of nodes reached.
  var found: Int { crawl.reachable[.ipv4] ?? 0 }

  /// Advances by one tick.
  mutating func step() {
    now += Self.tick
    while handshakeHead < handshakes.count, handshakes[handshakeHead].time <= now {
      crawl.handshaken(handshakes[handshakeHead].connection, introduction, duration: 200_000_000, at: now)
      handshakeHead += 1
    }
    while answerHead < answers.count, answers[answerHead].time <= now {
      let told = network.answer(&random, time: UInt32(Self.epoch + now))
      crawl.told(told, by: answers[answerHead].connection, at: now)
      answerHead += 1
    }
    crawl.advance(to: now)
    let dials = crawl.nextDials(limit: .max, at: now)
    let connections = lastConnection + 1..<lastConnection + 1 + UInt32(dials.count)
    lastConnection += UInt32(dials.count)
    crawl.begun(dials, as: Array(connections), at: now)
    for (dial, connection) in zip(dials, connections) where network.isNode(dial.endpoint) {
      handshakes.append((now + 0.2, connection))
    }
    for connection in crawl.takeAsks() { answers.append((now + 1, connection)) }
    for connection in crawl.takeDisconnects() {
      crawl.ended(connection, Outcome(.commanded), at: now)
    }
    forget()
  }

  /// Discards the findings that a database would get.
  private mutating func forget() {
    _ = crawl.takeAttempts()
    _ = crawl.takeTellings()
    _ = crawl.takeDescribed()
  }

  /// Lets nodes advertise further addresses until `count` are in memory.
  mutating func fill(to count: Int) {
    var number: UInt32 = 1 << 31
    var stranger: UInt32 = 1 << 31
    while crawl.candidateCount < count, number < 0xff00_0000 {
      stranger += 1
      crawl.adopt(stranger, CrawledNetwork.endpoint(1 << 30 + stranger), introduction, at: now)
      let told = (0..<1000).map {
        KnownNode(
          time: UInt32(Self.epoch + now),
          services: .network,
          endpoint: CrawledNetwork.endpoint(number + $0)
        )
      }
      number += 1000
      crawl.told(told, by: stranger, at: now)
      _ = crawl.takeAsks()
      // Strangers leave again.
      crawl.ended(stranger, Outcome(.closedByPeer), at: now)
      forget()
    }
  }
}

/// SplitMix64: the same numbers every time.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
