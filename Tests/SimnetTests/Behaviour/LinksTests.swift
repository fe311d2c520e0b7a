import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct LinksTests {
  static func links(_ countries: [String], network: String = "ipv4") throws -> Links {
    let rows = try countries.map {
      try #require(PopulationRow(line: "1 \(network) 8333 70016 9 0 \($0) /A/"))
    }
    var settings = SimnetSettings()
    settings.population = Population(rows)
    settings.nodeCount = 300
    return Links(NodeDirectory(settings), start: newYear)
  }

  /// The mean latency between nodes of a network, in ms.
  static func mean(_ links: Links) -> Double {
    var sum: UInt64 = 0
    for node in 0..<100 { sum += links.latency(node, node + 101) }
    return Double(sum) / 100 / 1e6
  }

  @Test func takesLongerTheFartherItIs() throws {
    // A few nodes of each network are moved to I2P, which is slow.
    let europe = Self.mean(try Self.links(["DE", "FR"]))
    #expect((12..<70).contains(europe))
    let oceania = Self.mean(try Self.links(["AU", "DE"]))
    #expect(oceania > europe + 30)
    #expect(Self.mean(try Self.links(["--"], network: "onion")) > 250)
  }

  @Test func takesAsLongBothWays() throws {
    let links = try Self.links(["DE", "US", "JP", "BR"])
    for node in 0..<100 { #expect(links.latency(node, 299 - node) == links.latency(299 - node, node)) }
    #expect(Set((1..<100).map { links.latency(0, $0) }).count > 90)
  }

  @Test func knowsARegionForEveryCountry() {
    #expect(Region(country: "US", network: .ipv4) == .northAmerica)
    #expect(Region(country: "DE", network: .ipv6) == .europe)
    #expect(Region(country: "JP", network: .ipv4) == .eastAsia)
    #expect(Region(country: nil, network: .ipv4) == .europe)
    #expect(Region(country: "US", network: .torV3) == .hidden)
    for (one, other) in Region.allCases.flatMap({ one in Region.allCases.map { (one, $0) } }) {
      #expect(one.delay(to: other) == other.delay(to: one))
    }
  }

  @Test(arguments: [2.0, 5.0]) func comesByChanceAsOftenAsItShould(mean: Double) {
    let process = PoissonProcess(key: 7, mean: UInt64(mean * 1e9))
    var times: [UInt64] = [0]
    while times.count <= 4000 { times.append(process.next(after: times[times.count - 1])) }
    let waits = zip(times, times.dropFirst()).map { Double($1 - $0) / 1e9 / mean }
    #expect(abs(waits.reduce(0, +) / 4000 - 1) < 0.06)
    // In an exponential distribution, 1 - 1/e of the values are below the mean, and e⁻³ above three times the
    // mean.
    #expect(abs(Double(waits.count { $0 < 1 }) / 4000 - 0.632) < 0.03)
    #expect(abs(Double(waits.count { $0 > 3 }) / 4000 - 0.05) < 0.015)
    // The next moment is the same, whichever time before it is looked up.
    for index in stride(from: 1, to: 4000, by: 97) {
      #expect(process.next(after: times[index] - 1) == times[index])
      #expect(process.next(after: (times[index - 1] + times[index]) / 2) == times[index])
    }
  }

  @Test func tellsAllWhoConnectedAtOnceAndOthersApart() throws {
    let links = try Self.links(["DE"])
    let node = 10
    var arrivals: [Int: UInt64] = [:]
    links.forEachTransactionArrival(from: node, at: newYear, unless: { _ in false }) { arrivals[$0] = $1 }
    #expect(Set(arrivals.keys) == Set(links.topology.neighbours[node]))
    var sent: [Bool: Set<UInt64>] = [:]
    for (neighbour, time) in arrivals {
      let isOutbound = links.topology.outbound[node].contains(neighbour)
      let way = 3 * links.latency(node, neighbour) + (isOutbound ? 2 * second : 0)
      sent[isOutbound, default: []].insert(time - way)
    }
    #expect(try #require(sent[true]).count == 8)
    // One time for each network of the inbound peers: IPv4, and maybe I2P and CJDNS.
    #expect(try #require(sent[false]).count <= 3)
    #expect(
      sent[false]?.contains(links.nextInventory(of: node, toInbound: .ipv4, after: newYear)) == true
    )
  }
}
