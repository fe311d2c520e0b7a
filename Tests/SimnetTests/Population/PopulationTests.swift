import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct PopulationTests {
  @Test func standsForTheSnapshotInItsSample() {
    let sample = Population.sample
    #expect(sample.rows.count == 170 && sample.count == 360)
    // Of the snapshot's 14,410 nodes, 7,425 were on Tor and 1,105 on IPv6.
    let shares = Dictionary(grouping: sample.rows, by: \.network).mapValues {
      $0.reduce(0) { $0 + $1.weight }
    }
    #expect(shares == [.torV3: 185, .ipv6: 28, .ipv4: 147])
    #expect(sample.rows.allSatisfy { ($0.country == nil) == ($0.network == .torV3) })
    #expect(sample.rows.contains { $0.lag != 0 } && sample.rows.contains { $0.port != 8333 })
  }

  @Test func drawsEveryRowAsOftenAsItCounts() {
    var counts: [String: Int] = [:]
    let population = Population.sample
    for index in 0..<population.count {
      let (row, isFirst) = population.row(of: index, seed: 5)
      counts["\(row)", default: 0] += 1
      #expect(isFirst)
    }
    #expect(population.rows.allSatisfy { counts["\($0)"] == $0.weight })
    #expect(!population.row(of: population.count, seed: 5).isFirst)
  }

  @Test func drawsByTheSeed() {
    func agents(_ seed: UInt64) -> [String] {
      (0..<50).map { Population.sample.row(of: $0, seed: seed).row.userAgent }
    }
    #expect(agents(1) == agents(1))
    #expect(agents(1) != agents(2))
  }

  @Test(arguments: [1, 2, 3, 64, 65, 1000]) func shufflesEveryNumberToAnother(count: Int) {
    let shuffle = Shuffle(count: count, seed: 9)
    #expect(Set((0..<count).map { shuffle[$0] }) == Set(0..<count))
    #expect(count < 64 || (0..<count).map { shuffle[$0] } != Array(0..<count))
  }
}
