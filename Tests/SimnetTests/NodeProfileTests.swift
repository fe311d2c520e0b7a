import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct NodeProfileTests {
  @Test func mixesSoftwareAsARealNetworkDoes() {
    let profiles = Population.sample.rows.map { NodeProfile($0) }
    #expect(Set(profiles.map(\.userAgent)).count > 30)
    #expect(profiles.contains { $0.userAgent.contains("Knots") })
    #expect(profiles.contains { $0.userAgent.contains("btcd") })
    #expect(profiles.contains { $0.version < 70016 })
    #expect(profiles.allSatisfy { $0.version >= 70016 || !$0.speaksWtxidRelay && !$0.speaksAddrV2 })
    #expect(profiles.allSatisfy { $0.userAgent.hasPrefix("/") && $0.userAgent.hasSuffix("/") })
  }

  @Test func understandsWhatItsVersionSays() throws {
    func profile(_ version: Int32, _ userAgent: String) throws -> NodeProfile {
      NodeProfile(try #require(PopulationRow(line: "1 ipv4 8333 \(version) 9 0 -- \(userAgent)")))
    }
    #expect(try profile(70016, "/Satoshi:23.0.0/").speaksWtxidRelay)
    #expect(try profile(70016, "/Satoshi:23.0.0/").speaksAddrV2)
    #expect(try !profile(70015, "/Satoshi:0.20.1/").speaksWtxidRelay)
    #expect(try !profile(70016, "/btcwire:0.5.0/btcd:0.24.2/").speaksWtxidRelay)
    #expect(try profile(70016, "/btcwire:0.5.0/btcd:0.24.2/").speaksAddrV2)
  }
}
