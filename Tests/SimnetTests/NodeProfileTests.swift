import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct NodeProfileTests {
  @Test func mixesSoftwareAsARealNetworkDoes() {
    let profiles = (0..<1000).map { NodeProfile(of: $0, seed: 1) }
    #expect(Set(profiles.map(\.userAgent)).count > 10)
    #expect(profiles.contains { $0.userAgent.contains("Knots") })
    #expect(profiles.contains { $0.userAgent.contains("btcd") })
    #expect(profiles.count { $0.version == 70016 } > 800)
    #expect(profiles.contains { $0.version < 70016 })
    #expect(profiles.allSatisfy { $0.version >= 70016 || !$0.speaksWtxidRelay && !$0.speaksAddrV2 })
    #expect(profiles.allSatisfy { $0.userAgent.hasPrefix("/") && $0.userAgent.hasSuffix("/") })
  }

  @Test func followsFromTheSeed() {
    let profiles = (0..<100).map { NodeProfile(of: $0, seed: 1) }
    #expect(profiles == (0..<100).map { NodeProfile(of: $0, seed: 1) })
    #expect(profiles != (0..<100).map { NodeProfile(of: $0, seed: 2) })
  }
}
