import Testing

@testable import SimnetCore

@Suite struct FloodTests {
  static let topology = Topology(nodeCount: 300, outbound: 8, seed: 3)

  static func flood(notBefore: [UInt64]? = nil) -> Flood {
    var random = RandomSource(seed: 1, purpose: "test")
    return Flood(from: 7, at: 1000, over: topology, hopDelay: 0.1, notBefore: notBefore, using: &random)
  }

  @Test func reachesEveryNodeOnceInOrderOfTime() {
    let arrivals = Self.flood().arrivals
    #expect(arrivals.first == Flood.Arrival(time: 1000, node: 7))
    #expect(Set(arrivals.map(\.node)) == Set(0..<300))
    #expect(arrivals.count == 300)
    #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0.time <= $1.time })
  }

  @Test func comesToEachNodeFromANeighbourThatHasIt() {
    var reached: Set<Int> = [7]
    for arrival in Self.flood().arrivals.dropFirst() {
      #expect(Self.topology.neighbours[arrival.node].contains { reached.contains($0) })
      reached.insert(arrival.node)
    }
  }

  @Test func waitsForWhatANodeNeedsBefore() {
    let before = (0..<300).map { UInt64($0) * 10_000_000 }
    let arrivals = Self.flood(notBefore: before).arrivals
    #expect(arrivals.count == 300)
    #expect(arrivals.allSatisfy { $0.time >= before[$0.node] })
  }
}
