import Pacing
import Testing

@Suite struct BackoffTests {
  @Test func waitsTwiceAsLongEachTimeUpToTheLimit() {
    let backoff = Backoff(first: 2, limit: 60)
    #expect((0...8).map { backoff.seconds(failures: $0) } == [2, 2, 4, 8, 16, 32, 60, 60, 60])
    #expect(backoff.seconds(failures: .max) == 60)
    #expect(backoff.seconds(failures: 0) == 2)
    #expect(Backoff(first: 5, limit: 1).seconds(failures: 9) == 5)
  }

  @Test func spreadsManyByChance() {
    let backoff = Backoff(first: 2, limit: 60)
    var random = SystemRandomNumberGenerator()
    let drawn = (0..<1000).map { _ in backoff.seconds(failures: 3, using: &random) }
    #expect(drawn.allSatisfy { (4..<12).contains($0) })
    #expect(drawn.min()! < 5 && drawn.max()! > 11)
  }
}
