import BitcoinWire
import Bytes
import Testing

@Suite struct NetworkTests {
  @Test func isFoundByNameAndMagic() {
    for network in Network.all {
      #expect(Network(named: network.name) == network)
      #expect(Network(magic: network.magic) == network)
    }
    #expect(Network(named: "main") == .mainnet)
    #expect(Network(named: "test") == .testnet3)
    #expect(Network(named: "moon") == nil)
    #expect(Network(magic: 0) == nil)
  }

  @Test func sharesNothingThatTellsThemApart() {
    #expect(Set(Network.all.map(\.magic)).count == Network.all.count)
    #expect(Set(Network.all.map(\.name)).count == Network.all.count)
  }

  /// The bytes of `pchMessageStart` (`netMagic`) in each coin's `chainparams.cpp`.
  static let magics: [Network: String] = [
    .mainnet: "f9beb4d9", .testnet3: "0b110907", .testnet4: "1c163f28", .signet: "0a03cf40",
    .regtest: "fabfb5da", .simnet: "e64e4dd3", .litecoin: "fbc0b6db", .litecoinTestnet: "fdd2c8f1",
    .dogecoin: "c0c0c0c0", .dogecoinTestnet: "fcc1b7dc", .bitcoinCash: "e3e1f3e8",
    .bitcoinCashTestnet3: "f4e5f3f4", .bitcoinCashChipnet: "e2b7daaf", .namecoin: "f9beb4fe",
    .namecoinTestnet: "fabfb5fe", .dash: "bf0c6bbd", .dashTestnet: "cee2caff",
  ]

  @Test(arguments: Network.all) func hasTheCoinsMagic(_ network: Network) {
    #expect(Hexadecimal.text(network.magicBytes) == Self.magics[network])
  }

  @Test(arguments: Network.all) func hasWhatAConnectorNeeds(_ network: Network) {
    #expect(network.defaultPort > 1023)
    #expect(network.protocolVersion >= 70015)
    #expect(network.genesisHash != .zero)
    #expect(network.dnsSeeds.allSatisfy { !$0.hasSuffix(".") && $0.contains(".") })
    #expect(network.dnsSeeds.isEmpty == (network.reach != .anywhere))
  }

  @Test(arguments: [Network.mainnet, .testnet3, .testnet4, .signet])
  func hasAFewNodesToBeginWithOfEveryAddressNetwork(_ network: Network) {
    let seeds = network.fixedSeeds
    #expect((20...24).contains(seeds.count) && Set(seeds).count == seeds.count)
    #expect(Set(seeds.map(\.address.network)) == [.ipv4, .ipv6, .torV3, .i2p, .cjdns])
    // The seeds must not all belong to an operator with many nodes in one place.
    #expect(Set(seeds.map { NetworkGroup(of: $0.address) }).count > seeds.count * 3 / 4)
    for seed in seeds {
      #expect(
        seed.address.isRoutable && seed.port == (seed.address.network == .i2p ? 0 : network.defaultPort)
      )
    }
  }

  @Test func hasNodesToBeginWithOnItsOwnOnly() {
    for network in [Network.simnet, .regtest, .bitcoinCash, .signet(challenge: [0x51])] {
      #expect(network.fixedSeeds.isEmpty)
    }
  }

  /// The default signet's challenge and magic in Bitcoin Core's `chainparams.cpp`.
  @Test func aSignetsMagicFollowsFromItsChallenge() {
    let network = Network.signet(challenge: Network.signetChallenge)
    #expect(network.magic == 0x40cf_030a)
    #expect(network.genesisHash == Network.signet.genesisHash)
    #expect(network.defaultPort == 38333)
    // OP_TRUE, the challenge of many private signets, and a challenge whose length takes three bytes.
    #expect(Hexadecimal.text(Network.signet(challenge: [0x51]).magicBytes) == "54d26fbd")
    let long = Network.signet(challenge: [UInt8](repeating: 0x51, count: 300), name: "long", defaultPort: 1)
    #expect(![network.magic, Network.signet(challenge: [0x51]).magic].contains(long.magic))
    #expect(long.description == "long")
  }

  @Test func onlyReachesLoopbackOnOneMachine() {
    #expect(Network.all.filter { $0.reach != .anywhere } == [.regtest, .simnet])
    #expect(Network.simnet.dnsSeeds == [])
  }
}
