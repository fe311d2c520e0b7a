import BitcoinWire
import Bytes
import Testing

@Suite struct AddrMessageTests {
  /// `stream_addrv1_hex` and `stream_addrv2_hex` from Bitcoin Core's `netbase_tests.cpp`.
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

  /// The example in the Bitcoin wiki's "Protocol documentation", header included.
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
    // Bitcoin Core ignores such an address in `addrv2`. It must encode to the same bytes.
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
