import Testing

@testable import SimnetCore

@Suite struct NodeSetTests {
  @Test(arguments: [1, 63, 64, 65, 200]) func isCompleteOnceEveryNodeIsInIt(nodeCount: Int) {
    var set = NodeSet(nodeCount: nodeCount)
    for node in (0..<nodeCount).reversed() {
      #expect(!set.contains(node) && !set.isComplete)
      set.insert(node)
      set.insert(node)
      #expect(set.contains(node))
    }
    #expect(set.isComplete)
    set.insert(0)
    #expect((0..<nodeCount).allSatisfy { set.contains($0) })
  }
}
