import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct AddressBookTests {
  static func sample(nodes: Int, owner: Int = 3, at now: UInt64 = newYear) -> [KnownNode] {
    var settings = SimnetSettings()
    settings.nodeCount = nodes
    return SimulatedNode(owner, of: settings).addressBook.sample(at: now)
  }

  @Test(arguments: [(1, 0), (2, 1), (200, 46), (5000, 1000)])
  func tellsPartOfTheOtherNodes(nodes: Int, expected: Int) {
    let sample = Self.sample(nodes: nodes, owner: 0)
    #expect(sample.count == expected)
    #expect(Set(sample.map(\.endpoint)).count == expected)
    #expect(!sample.contains { $0.endpoint.address == .ipv4(0x7f10_0001) })
    #expect(sample.allSatisfy { $0.endpoint.port == 28555 && UInt64($0.time) * second <= newYear })
  }

  @Test func tellsTheSameForADay() {
    let first = Self.sample(nodes: 200).map(\.endpoint)
    #expect(Self.sample(nodes: 200, at: newYear + 3600 * second).map(\.endpoint) == first)
    #expect(Self.sample(nodes: 200, at: newYear + 86_400 * second).map(\.endpoint) != first)
    #expect(Self.sample(nodes: 200, owner: 4).map(\.endpoint) != first)
  }

  @Test func tellsTheServicesThatNodesHave() {
    let settings = SimnetSettings()
    for known in Self.sample(nodes: 200) {
      guard case .ipv4(let address) = known.endpoint.address else { continue }
      let node = SimulatedNode(Int(address - settings.base), of: settings)
      #expect(known.services == node.profile.services)
      #expect(known.endpoint == node.endpoint)
    }
  }
}
