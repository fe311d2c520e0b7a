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

@Suite struct AddrMessageTests {
  /// `stream_addrv1_hex` and `stream_addrv2_hex` of Bitcoin Core's `netbase_tests.cpp`.
  let old = Samples.hex(
    """
    03 61bc6649 0000000000000000 00000000000000000000000000000001 0000
    79627683 0100000000000000 00000000000000000000000000000001 00f1
    ffffffff 4804000000000000 00000000000000000000000000000001 f1f2
    """
  )
  let new = Samples.hex(
    """
    03 61bc6649 00 02 10 00000000000000000000000000000001 0000
    79627683 01 02 10 00000000000000000000000000000001 00f1
    ffffffff fd4804 02 10 00000000000000000000000000000001 f1f2
    """
  )

  @Test func readsAndWritesCoresVectors() throws {
    let addr = try AddrMessage(old.span.bytes)
    let addrv2 = try AddrV2Message(new.span.bytes)
    #expect(addr.nodes == addrv2.nodes)
    #expect(addr.nodes.map(\.endpoint.description) == ["[::1]:0", "[::1]:241", "[::1]:61938"])
    #expect(addr.nodes.map(\.services) == [[], .network, [.witness, .compactFilters, .networkLimited]])
    #expect(addr.nodes.map(\.time) == [0x4966_bc61, 0x8376_6279, 0xffff_ffff])
    #expect(addr.bytes == old)
    #expect(addrv2.bytes == new)
  }

  /// The example of the Bitcoin wiki's "Protocol documentation", header included.
  @Test func readsTheWikisExample() throws {
    let bytes = Samples.hex(
      """
      f9beb4d9 616464720000000000000000 1f000000 ed52399b
      01 e215104d 0100000000000000 00000000000000000000ffff0a000001 208d
      """
    )
    let node = KnownNode(time: 0x4d10_15e2, services: .network, endpoint: Endpoint("10.0.0.1:8333")!)
    #expect(Network.mainnet.frame(.addr(AddrMessage(nodes: [node]))) == bytes)
  }

  @Test func keepsAnIPv4AddressSaidToBeIPv6() throws {
    // Bitcoin Core ignores such an address in `addrv2`; it must come out as it came in.
    let bytes = Samples.hex("01 61bc6649 00 02 10 00000000000000000000ffff01020304 0000")
    let message = try AddrV2Message(bytes.span.bytes)
    #expect(message.nodes[0].endpoint.address.network == .ipv6)
    #expect(message.nodes[0].endpoint.address.unmapped.description == "1.2.3.4")
    #expect(message.bytes == bytes)
  }

  @Test func takesAsManyAsCore() throws {
    let message = AddrMessage(nodes: Array(repeating: Samples.nodes[0], count: 1000))
    #expect(try AddrMessage(message.bytes.span.bytes) == message)
  }
}

@Suite struct EscapedTextTests {
  @Test func showsWhatIsPrintable() {
    #expect(EscapedText.utf8("/Satoshi:29.0.0(ü 漢)/".utf8) == "/Satoshi:29.0.0(ü 漢)/")
    #expect(EscapedText.ascii("aü\\".utf8) == #"a\xc3\xbc\\"#)
  }

  @Test func escapesWhatIsNot() {
    #expect(EscapedText.utf8([0xe6, 0x4e, 0xc3]) == #"\xe6N\xc3"#)
    #expect(EscapedText.utf8([0xed, 0xa0, 0x80, 0xc0, 0x80]) == #"\xed\xa0\x80\xc0\x80"#)
    #expect(
      EscapedText.utf8("\u{200b}\u{2028}\u{e000}\u{9b}".utf8)
        == #"\xe2\x80\x8b\xe2\x80\xa8\xee\x80\x80\xc2\x9b"#
    )
  }
}
