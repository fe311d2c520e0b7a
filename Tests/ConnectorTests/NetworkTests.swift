import BitcoinWire
import Configuration
import TestSupport
import Testing

@testable import ConnectorCore

@Suite struct NetworkTests {
  func network(_ text: String) throws -> BitcoinWire.Network {
    try BitcoinWire.Network(try Configuration(text: text, file: "netmine.cfg"))
  }

  @Test func everyKnownNetworkCanBeConfigured() throws {
    #expect(Configuration.knownNetworks == BitcoinWire.Network.all.map(\.name))
    for known in BitcoinWire.Network.all {
      #expect(try network("connector: { network = \"\(known.name)\"; };") == known)
    }
  }

  @Test func isWhatTheOperatorDescribes() throws {
    let network = try network(
      """
      networks = ( { name = "mycoin"; magic = "01020304"; port = 5; dns_seeds = ( "a.example" );
        protocol_version = 70003; genesis = "\(BitcoinWire.Network.mainnet.genesisHash)"; dialect = "dash"; } );
      connector: { network = "mycoin"; };
      """
    )
    #expect(network.name == "mycoin")
    #expect(network.magicBytes == [1, 2, 3, 4])
    #expect(network.defaultPort == 5)
    #expect(network.dnsSeeds == ["a.example"])
    #expect(network.protocolVersion == 70003)
    #expect(network.genesisHash == BitcoinWire.Network.mainnet.genesisHash)
    #expect(network.dialect == .dash)
    #expect(network.reach == .anywhere)
  }

  @Test func computesASignetsMagic() throws {
    let network = try network(
      """
      networks = ( { name = "mysignet"; signet_challenge = "51"; port = 38333; } );
      connector: { network = "mysignet"; };
      """
    )
    #expect(network.magicBytes == [0x54, 0xd2, 0x6f, 0xbd])
    #expect(network.genesisHash == BitcoinWire.Network.signet.genesisHash)
    #expect(network.dialect == .bitcoin)
  }

  @Test func takesTheMagicThatIsSaidInItsPlace() throws {
    let text = "connector: { network = \"dash\"; bitcoin: { magic = 0x04030201; }; };"
    let network = try network(text)
    #expect(network.magicBytes == [1, 2, 3, 4])
    #expect(network.name == "magic 4030201")
    #expect(network.dialect == .dash)
    #expect(network.protocolVersion == BitcoinWire.Network.dash.protocolVersion)
  }

  @Test func refusesToSpeakLessThanItAccepts() throws {
    let text = "connector: { network = \"dogecoin\";\nbitcoin: { min_version = 70016; }; };"
    let error = try #require(throws: ConfigurationError.self) {
      try network(text)
    }
    #expect(error.problems[0].key == "connector.bitcoin.min_version")
    #expect(error.problems[0].origin == .file("netmine.cfg", line: 2))
    #expect(error.problems[0].reason.contains("70015, which dogecoin speaks"))
  }

  /// The protocol version of a coin and a configured magic, as a peer sees them.
  @Test func shakesHandsOnADescribedNetwork() throws {
    let bench = try Bench(
      network: "mycoin",
      networks: "{ name = \"mycoin\"; magic = \"01020304\"; port = 5; protocol_version = 70215; }"
    )
    let network = bench.connector.network
    let peer = try bench.dialled()
    peer.stream.write(network.frame(bench.version(version: 70230)))
    peer.stream.write(network.frame(.verack))
    try bench.loop.run { bench.connector.statistics.openOutbound == 1 && peer.commands.contains(.verack) }
    #expect(Array(peer.received.prefix(4)) == [1, 2, 3, 4])
    let ours = try VersionMessage(Array(peer.received.dropFirst(MessageHeader.size)).span.bytes)
    #expect(ours.version == 70215)
    #expect(bench.connector.hello(version: 3).networkName == "mycoin")
    #expect(bench.connector.hello(version: 3).defaultPort == 5)
  }
}
