import Testing

@testable import SimnetCore

@Suite struct TopologyTests {
  @Test(arguments: [1, 2, 5, 9, 200, 3000])
  func connectsEveryNodeWithEveryOther(nodes: Int) {
    let topology = Topology(nodeCount: nodes, outbound: 8, seed: 3)
    var reached: Set<Int> = [0]
    var rest = [0]
    while let node = rest.popLast() {
      for neighbour in topology.neighbours[node] where reached.insert(neighbour).inserted {
        rest.append(neighbour)
      }
    }
    #expect(reached.count == nodes)
  }

  @Test func linksBothWaysAndToAtLeastEightOthers() {
    let topology = Topology(nodeCount: 200, outbound: 8, seed: 3)
    for (node, neighbours) in topology.neighbours.enumerated() {
      #expect(neighbours.count >= 8)
      #expect(!neighbours.contains(node))
      #expect(neighbours.allSatisfy { topology.neighbours[$0].contains(node) })
    }
  }

  @Test func followsFromTheSeed() {
    let topology = Topology(nodeCount: 200, outbound: 8, seed: 3)
    #expect(topology == Topology(nodeCount: 200, outbound: 8, seed: 3))
    #expect(topology != Topology(nodeCount: 200, outbound: 8, seed: 4))
  }
}
