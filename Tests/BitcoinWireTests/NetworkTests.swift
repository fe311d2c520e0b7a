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
    #expect(Set(Network.all.map(\.defaultPort)).count == Network.all.count)
  }

  @Test(arguments: [
    (Network.mainnet, "f9beb4d9"), (.testnet3, "0b110907"), (.testnet4, "1c163f28"), (.signet, "0a03cf40"),
    (.regtest, "fabfb5da"),
  ])
  func hasCoresMagic(_ network: Network, hex: String) {
    #expect(Hexadecimal.text(network.magicBytes) == hex)
  }

  @Test func onlyReachesLoopbackOnOneMachine() {
    #expect(Network.all.filter(\.loopbackIsRoutable) == [.regtest, .simnet])
    #expect(Network.simnet.dnsSeeds == [])
  }
}
