import BitcoinWire
import Observations
import Testing

@testable import Crawler

@Suite struct SpeciesRulesTests {
  static func node(
    _ agent: String,
    services: ServiceFlags = .network,
    version: Int32 = 70016,
    answer: Int? = 10
  ) -> FoundNode {
    let introduction = PeerIntroduction(
      protocolVersion: version,
      services: services,
      userAgent: Array(agent.utf8),
      startHeight: 0,
      relay: true
    )
    var node = FoundNode(introduction, handshakeDuration: 0, at: 0)
    node.answerCount = answer
    node.isSilent = answer == nil
    return node
  }

  @Test(arguments: [
    ("/Satoshi:31.0.0/", "Bitcoin Core"), ("/Satoshi:27.1.0/Knots:20240801/", "Knots"),
    ("/Satoshi:0.16.3/UASF-Segwit:1.0/", "Bitcoin Core, modified"), ("/btcwire:0.5.0/btcd:0.24.2/", "btcd"),
    ("/bcoin:2.2.0/", "bcoin"), ("/libbitcoin:4.0/", "libbitcoin"), ("/therealbitcoin.org:0.9.99.99/", "TRB"),
    ("/bitcoinj:0.15/Wallet:1/", "wallet"), ("/bitcoin-seeder:0.01/", "crawler"), ("/other:1/", "unknown"),
  ])
  func knowsTheUsual(agent: String, species: String) {
    #expect(SpeciesRules.standard.species(of: Self.node(agent)) == species)
  }

  @Test func goesByWhatNodesDo() throws {
    let rules = try SpeciesRules(
      """
      # comment
      mute: answer none
      shy: answer own, version 70015-70016
      old: version 0-209
      light: without NETWORK|NETWORK_LIMITED
      filters: services NETWORK|COMPACT_FILTERS # and more
      any:
      """
    )
    #expect(rules.species(of: Self.node("", answer: nil)) == "mute")
    #expect(rules.species(of: Self.node("", answer: 1)) == "shy")
    #expect(rules.species(of: Self.node("", version: 106)) == "old")
    #expect(rules.species(of: Self.node("", services: .witness)) == "light")
    #expect(rules.species(of: Self.node("", services: [.network, .compactFilters])) == "filters")
    #expect(rules.species(of: Self.node("")) == "any")
  }

  @Test(arguments: [
    ("a: agent x\nb agent y", 2), ("a: agnet x", 1), ("\n\na: services NONSENSE", 3), ("a: version 5", 1),
    ("a: version 9-5", 1), ("a: answer perhaps", 1), (": agent x", 1), ("a: agent", 1),
  ])
  func saysWhichLineIsWrong(text: String, line: Int) {
    #expect { try SpeciesRules(text) } throws: { ($0 as? SpeciesRules.Failure)?.line == line }
  }

  @Test func patternsTakeTheirTimeOnly() {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 256)
    let pattern = Array(String(repeating: "a*", count: 100).utf8) + [UInt8(ascii: "b")]
    #expect(!SpeciesRules.matches(pattern[...], text[...]))
    #expect(SpeciesRules.matches(Array("*a?a*".utf8)[...], text[...]))
  }
}
