import Testing

@testable import SimnetCore

@Suite struct NeighbourSharesTests {
  @Test func mixesAllKindsEvenly() throws {
    let kinds = try #require(NeighbourShares("0.2")).assign(nodeCount: 2200, seed: 1)
    #expect(kinds.count { $0 != nil } == 440)
    for kind in Neighbour.allCases { #expect(kinds.count { $0 == kind } == 20) }
  }

  @Test func givesEachKindItsShare() throws {
    let shares = try #require(NeighbourShares("slow-loris=0.05,garbage=0.02,never-reading=1e-3"))
    let kinds = shares.assign(nodeCount: 1000, seed: 1)
    #expect(kinds.count { $0 == .slowLoris } == 50)
    #expect(kinds.count { $0 == .garbage } == 20)
    #expect(kinds.count { $0 == .neverReading } == 1)
    #expect(kinds.count { $0 == nil } == 929)
  }

  @Test func followsTheSeed() throws {
    let shares = try #require(NeighbourShares("0.5"))
    #expect(shares.assign(nodeCount: 300, seed: 1) == shares.assign(nodeCount: 300, seed: 1))
    #expect(shares.assign(nodeCount: 300, seed: 1) != shares.assign(nodeCount: 300, seed: 2))
    #expect(NeighbourShares.none.assign(nodeCount: 3, seed: 1) == [nil, nil, nil])
  }

  @Test(arguments: [
    "", "1.1", "-0.1", "nan", "loris=0.1", "garbage", "garbage=", "garbage=2", "garbage=0.6,mute=0.6",
    "garbage=0.1,garbage=0.1", "garbage=0.1,",
  ])
  func refusesWhatIsNoShare(text: String) { #expect(NeighbourShares(text) == nil) }
}
