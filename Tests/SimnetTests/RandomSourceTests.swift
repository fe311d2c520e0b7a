import Testing

@testable import SimnetCore

@Suite struct RandomSourceTests {
  @Test func differsByPurposeAndIndexOnly() {
    func numbers(_ seed: UInt64, _ purpose: StaticString, _ index: UInt64) -> [UInt64] {
      var source = RandomSource(seed: seed, purpose: purpose, index: index)
      return (0..<4).map { _ in source.next() }
    }
    #expect(numbers(1, "a", 0) == numbers(1, "a", 0))
    #expect(Set([numbers(1, "a", 0), numbers(2, "a", 0), numbers(1, "b", 0), numbers(1, "a", 1)]).count == 4)
  }

  @Test func waitsAsLongAsWantedOnAverage() {
    var source = RandomSource(seed: 1, purpose: "test")
    let total = (0..<10_000).reduce(0.0) { sum, _ in sum + Double(source.wait(mean: 0.5)) / 1e9 }
    #expect(abs(total / 10_000 - 0.5) < 0.02)
  }
}
