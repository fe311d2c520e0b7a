import Testing

@testable import Commands

@Suite struct DistributionTests {
  @Test func tellsRanks() {
    let distribution = Distribution((1...100).map { $0 * 1_000_000 })
    #expect(distribution.text == "min 1, median 50, mean 50.5, p90 90, p99 99, max 100, deviation 28.9 ms")
    #expect(Distribution([]).text == "no times")
    #expect(Distribution([]).histogram == [])
  }

  @Test func countsInBins() {
    let distribution = Distribution([1_500_000, 1_999_999, 2_000_000, 7_000_000, 12_000_000])
    #expect(distribution.histogram.map(\.count) == [2, 1, 1, 1])
    #expect(distribution.histogram.first == .init(start: 1_000_000, end: 2_000_000, count: 2))
    #expect(distribution.histogram.last?.end == 20_000_000)
    #expect(
      distribution.histogramLines == [
        "FROM ms  TO ms  COUNT",
        "      1      2      2  \(String(repeating: "#", count: 50))",
        "      2      5      1  \(String(repeating: "#", count: 25))",
        "      5     10      1  \(String(repeating: "#", count: 25))",
        "     10     20      1  \(String(repeating: "#", count: 25))",
      ]
    )
    // The first bin starts at 0.
    #expect(Distribution([0]).histogram == [.init(start: 0, end: 1000, count: 1)])
  }
}
