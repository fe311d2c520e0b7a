import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct AddressBookTests {
  static func sample(
    nodes: Int,
    owner: Int = 3,
    at now: UInt64 = newYear,
    to network: NetworkID = .ipv4
  ) -> [KnownNode] {
    var settings = SimnetSettings()
    settings.nodeCount = nodes
    return SimulatedNode(owner, of: NodeDirectory(settings)).addressBook.sample(at: now, to: network)
  }

  @Test(arguments: [(1, 0), (5, 0), (6, 1), (200, 45), (5000, 1000)])
  func tellsPartOfTheOtherNodes(nodes: Int, expected: Int) {
    let sample = Self.sample(nodes: nodes, owner: 0)
    #expect(sample.count == expected)
    #expect(Set(sample.map(\.endpoint)).count == expected)
    #expect(!sample.contains { $0.endpoint.address == .ipv4(0x7f10_0001) })
    #expect(sample.allSatisfy { $0.endpoint.port == 28555 && UInt64($0.time) * second <= newYear })
    #expect(sample.allSatisfy { UInt64($0.time) * second > newYear - 31 * 86_400 * second })
  }

  @Test(arguments: 0..<8) func tellsTheSameForADay(owner: Int) {
    var settings = SimnetSettings()
    settings.nodeCount = 60
    let book = SimulatedNode(owner, of: NodeDirectory(settings)).addressBook
    let hours = (0..<24 * 10).map { book.sample(at: newYear + $0 * 3600 * second) }
    // Each sample but the first and the last, which are cut short, appears 21 to 27 times.
    var lengths = [1]
    for (sample, next) in zip(hours, hours.dropFirst()) {
      if sample == next { lengths[lengths.count - 1] += 1 } else { lengths.append(1) }
    }
    #expect(lengths.count >= 9)
    #expect(lengths.dropFirst().dropLast().allSatisfy { (20...28).contains($0) }, "\(lengths)")
    #expect(Self.sample(nodes: 60, owner: owner + 1) != hours[0])
    #expect(book.sample(at: newYear, to: .torV3) != hours[0])
  }

  @Test func tellsDeadAddressesBesides() {
    var settings = SimnetSettings()
    settings.nodeCount = 100
    settings.deadCount = 900
    let sample = SimulatedNode(0, of: NodeDirectory(settings)).addressBook.sample(at: newYear)
    #expect(sample.count == 229)
    let last = settings.base + 99
    let dead = sample.count {
      guard case .ipv4(let address) = $0.endpoint.address else { return false }
      return address > last && address <= last + 900
    }
    #expect((180..<229).contains(dead))
  }

  @Test func tellsTheServicesThatNodesHave() {
    let directory = NodeDirectory(SimnetSettings())
    for known in Self.sample(nodes: 200) {
      guard case .ipv4(let address) = known.endpoint.address else { continue }
      let node = SimulatedNode(Int(address - directory.settings.base), of: directory)
      #expect(known.services == node.profile.services)
      #expect(known.endpoint == node.endpoint)
    }
  }
}
