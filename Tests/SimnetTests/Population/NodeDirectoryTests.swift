import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct NodeDirectoryTests {
  static func directory(nodes: Int = 2000, _ gossip: AddressGossip) -> NodeDirectory {
    var settings = SimnetSettings()
    settings.nodeCount = nodes
    settings.gossip = gossip
    return NodeDirectory(settings)
  }

  @Test func knowsNodesByWhereTheyListen() {
    let directory = Self.directory(.loopback)
    #expect((0..<2000).allSatisfy { directory.address(of: $0) == directory.settings.endpoint(of: $0) })
    #expect(directory.node(for: Endpoint("127.16.0.3:28555")!) == 2)
    for stranger in ["127.16.0.3:28556", "127.16.0.0:28555", "127.17.0.0:28555", "1.2.3.4:28555"] {
      #expect(directory.node(for: Endpoint(stranger)!) == nil)
    }
  }

  @Test func knowsNodesByAddressesOfTheirNetworks() {
    let directory = Self.directory(.real)
    var counts: [NetworkID: Int] = [:]
    for node in 0..<2000 {
      let known = directory.address(of: node)
      counts[known.address.network, default: 0] += 1
      #expect(known.address.network == directory.network(of: node))
      #expect(known.address.isRoutable)
      #expect(Endpoint(known.description) == known)
      #expect(directory.node(for: known) == node)
      #expect(directory.node(for: directory.settings.endpoint(of: node)) == node)
      #expect((known.port == 0) == (known.address.network == .i2p))
    }
    #expect(counts.count == 5 && counts.values.allSatisfy { $0 >= 3 })
    #expect(counts[.torV3, default: 0] > 800 && counts[.ipv4, default: 0] > 600)
  }

  @Test func givesEachNodeOfASnapshotItsOwnAddressOnce() throws {
    var settings = SimnetSettings()
    settings.nodeCount = 40
    settings.gossip = .real
    let other = SnapshotTests.row.replacing("1.2.3.4", with: "9.8.7.6")
    settings.population = try SnapshotTests.read("[\(SnapshotTests.row), \(other)]")
    let directory = NodeDirectory(settings)
    let addresses = (0..<40).map { directory.address(of: $0) }
    #expect(Set(addresses).count == 40)
    let own = ["1.2.3.4:8333", "9.8.7.6:8333"].map { Endpoint($0)! }
    #expect(Set(addresses.prefix(2)) == Set(own))
  }
}
