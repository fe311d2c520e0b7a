import BitcoinWire
import Testing

@Suite struct ServiceFlagsTests {
  @Test func namesItsBits() {
    #expect(ServiceFlags([]).description == "NONE")
    #expect(
      ServiceFlags(rawValue: 0xc4f).description
        == "NETWORK|GETUTXO|BLOOM|WITNESS|COMPACT_FILTERS|NETWORK_LIMITED|P2P_V2"
    )
    #expect(ServiceFlags(rawValue: 1 << 63 | 1 << 4 | 1).names == ["NETWORK", "bit 4", "bit 63"])
  }
}
