import BitcoinWire
import Configuration
import ControlProtocol
import Crawler
import Enrichment
import EventLoop
import Foundation
import NodeDatabase
import Observations
import Store
import TestSupport
import Testing

@testable import Commands
@testable import CrawlCommands

/// The results of a crawl, in the database and in the printed tables.
@Suite struct CrawlFindingsTests {
  let folder = TemporaryFolder()
  let loop = EventLoop()

  private static func introduction(_ agent: String) -> PeerIntroduction {
    PeerIntroduction(
      protocolVersion: 70016,
      services: [.network, .witness],
      userAgent: Array(agent.utf8),
      startHeight: 900_000,
      relay: true
    )
  }

  /// A crawl that is connected to a node in Great Britain, and to one at an unknown place.
  private func crawl() -> Crawl {
    var crawl = Crawl(CrawlSettings(), epoch: Double(Clock.now()) / 1e9, seed: 1)
    crawl.adopt(1, Endpoint("81.2.69.160:8333")!, Self.introduction("/Satoshi:31.0.0/"), at: 0)
    crawl.adopt(2, Endpoint("9.9.9.9:8333")!, Self.introduction("/btcd:0.25/"), at: 0)
    return crawl
  }

  private func environment(_ take: @escaping (String) -> Void) throws -> ClientEnvironment {
    ClientEnvironment(
      loop: loop,
      output: Output(
        isTerminal: false,
        showsProgress: false,
        result: {
          String(decoding: $0, as: UTF8.self).split(separator: "\n").forEach { take(String($0)) }
          return true
        },
        complaint: { _ in }
      ),
      configuration: try Configuration(text: "logger: { root = \"\(folder.path)\"; };", file: nil),
      controlAddress: .unix(folder.path + "control"),
      key: nil,
      isJSON: false,
      hearsSignals: false
    )
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["NETMINE_DATA"] != nil, "NETMINE_DATA is not set"))
  func countsNodesByCountry() throws {
    let data = ProcessInfo.processInfo.environment["NETMINE_DATA"]! + "/geo/"
    var lines: [String] = []
    let enricher = Enricher([data + "GeoLite2-City-Test.mmdb"]) { Issue.record("\($0)") }
    let report = CrawlReport(try environment { lines.append($0) }, .standard, enricher, heartbeat: 10)
    report.summarise(crawl(), seconds: 1)
    let country = try #require(lines.firstIndex { $0.hasPrefix("COUNTRY ") })
    let rows = lines[country...].map { $0.split(separator: " ").map(String.init) }
    #expect(
      rows.contains { $0.prefix(2) == ["GB", "1"] } && rows.contains { $0.prefix(2) == ["unknown", "1"] }
    )
    // There is no database of autonomous systems.
    #expect(!lines.contains { $0.hasPrefix("AUTONOMOUS") })
    lines = []
    CrawlReport(try environment { lines.append($0) }, .standard, Enricher([]) { _ in }, heartbeat: 10)
      .summarise(crawl(), seconds: 1)
    #expect(!lines.contains { $0.hasPrefix("COUNTRY ") })
  }

  @Test func keepsWhatCannotBeWrittenUntilItCan() throws {
    var place = Configuration.NodeDatabase()
    place.place = folder.path + "nodes.sqlite"
    var complaints: [String] = []
    let recorder = try NodeRecorder(place, network: "signet", on: loop) { complaints.append($0) }
    let database = try SQL.openSQLite(place.place)
    let crawl = crawl()
    func write(at now: Double) throws {
      recorder.advance(crawl, at: now)
      let timer = TimerWatcher(on: loop) {}
      let end = Clock.monotonic() + 10_000_000_000
      while !recorder.isIdle, Clock.monotonic() < end {
        timer.start(after: 0.01)
        loop.runOnce()
      }
    }
    var species = EndpointFacts(Endpoint("9.9.9.9:8333")!, time: Clock.now())
    species.species = "btcd"
    try database.execute("ALTER TABLE nodes RENAME TO elsewhere")
    recorder.take(species)
    try write(at: 2)
    try write(at: 4)
    try write(at: 8)
    #expect(complaints.count == 1 && complaints[0].contains("retrying"), "\(complaints)")
    try database.execute("ALTER TABLE elsewhere RENAME TO nodes")
    try write(at: 14)
    #expect(complaints.count == 2 && complaints[1].contains("works again"), "\(complaints)")
    #expect(try NodeStore.open(place.place).nodes().map { $0[.species].string } == ["btcd"])
    try recorder.finish(crawl) { _ in }
    // The connected nodes are in the database.
    let store = try NodeStore.open(place.place)
    #expect(try store.nodes().filter { $0.state == .reachable }.count == 2)
    #expect(throws: NodeStoreError.self) { try store.claim(network: "regtest") }
  }

  @Test(arguments: [false, true]) func leavesOutWhatTheDatabaseRefuses(_ atTheEnd: Bool) throws {
    var place = Configuration.NodeDatabase()
    place.place = folder.path + "nodes.sqlite"
    var complaints: [String] = []
    let recorder = try NodeRecorder(place, network: "signet", on: loop) { complaints.append($0) }
    let database = try SQL.openSQLite(place.place)
    try database.execute(
      """
      CREATE TRIGGER no BEFORE INSERT ON nodes WHEN NEW.endpoint LIKE '9.8.%.9:8333' \
      BEGIN SELECT RAISE(ABORT, 'not this one'); END
      """
    )
    let crawl = crawl()
    for number in 0..<40 {
      let endpoint = Endpoint("9.8.\(number).\(number % 13 == 9 ? 9 : 8):8333")!
      recorder.take(EndpointFacts(endpoint, time: Clock.now()))
    }
    if !atTheEnd {
      var now = 2.0
      let end = Clock.monotonic() + 20_000_000_000
      let timer = TimerWatcher(on: loop) {}
      while recorder.refusedCount < 3, Clock.monotonic() < end {
        recorder.advance(crawl, at: now)
        now += 1
        timer.start(after: 0.01)
        loop.runOnce()
      }
    }
    try recorder.finish(crawl) { _ in }
    #expect(recorder.refusedCount == 3)
    #expect(complaints.count == 1 && complaints[0].contains("not this one"), "\(complaints)")
    let kept = try NodeStore.open(place.place).nodes().filter { $0[.endpoint].description.hasPrefix("9.8.") }
    #expect(kept.count == 37)
  }
}
