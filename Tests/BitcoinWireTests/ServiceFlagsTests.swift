import BitcoinWire
import Testing

@Suite struct ServiceFlagsTests {
  @Test func namesItsBits() {
    #expect(ServiceFlags([]).description == "NONE")
    #expect(
      ServiceFlags(rawValue: 0xc4f).description
        == "NETWORK|GETUTXO|BLOOM|WITNESS|COMPACT_FILTERS|NETWORK_LIMITED|P2P_V2"
    )
    #expect(ServiceFlags(rawValue: 1 << 63 | 1 << 9 | 1).names == ["NETWORK", "bit 9", "bit 63"])
    #expect(
      ServiceFlags([.xthin, .utreexo, .utreexoArchive, .replaceByFee, .reducedData]).description
        == "XTHIN|UTREEXO|UTREEXO_ARCHIVE|REPLACE_BY_FEE|REDUCED_DATA"
    )
    #expect(ServiceFlags([.xthin, .utreexo, .utreexoArchive, .replaceByFee]).rawValue == 0x400_3010)
  }
}
