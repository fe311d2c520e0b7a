import BitcoinWire
import Bytes
import Testing

/// Compares with the messages of Bitcoin Core's functional tests, which are written in Python and share no
/// code with the node. The payloads are those that its `test_framework/messages.py` makes from these values.
@Suite struct FunctionalFrameworkTests {
  static let genesis = Samples.genesisHeader.hash

  static let messages: [(Message, String)] = [
    (.sendcmpct(SendCompactMessage(announce: true, version: 2)), "010200000000000000"),
    (.feefilter(FeeFilterMessage(feeRate: 1000)), "e803000000000000"),
    (.filteradd(FilterAddMessage(element: [0xde, 0xad])), "02dead"),
    (.filterclear, ""), (.sendheaders, ""), (.wtxidrelay, ""), (.sendaddrv2, ""),
    (.sendtxrcncl(SendReconciliationMessage(version: 1, salt: 1 << 63 | 2)), "010000000200000000000080"),
    (.feature(FeatureMessage(name: Array("BIP9999".utf8), data: [1, 2])), "0742495039393939020102"),
    (
      .getcfilters(CompactFilterRangeMessage(startHeight: 0x0102_0304, stop: genesis)),
      """
      00040302016fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000
      """
    ),
    (
      .cfilter(CompactFilterMessage(block: genesis, filter: [0x01, 0x9d, 0xfc, 0xa8])),
      """
      006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d619000000000004019dfca8
      """
    ),
    (
      .getcfheaders(CompactFilterRangeMessage(startHeight: 0x0102_0304, stop: genesis)),
      """
      00040302016fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000
      """
    ),
    (
      .cfheaders(
        CompactFilterHeadersMessage(stop: genesis, previous: number(7), filterHashes: [number(1), number(2)])
      ),
      """
      006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d619000000000007000000000000000000000000000000000000
      00000000000000000000000000020100000000000000000000000000000000000000000000000000000000000000020000000000
      0000000000000000000000000000000000000000000000000000
      """
    ),
    (
      .getcfcheckpt(GetCompactFilterCheckpointsMessage(stop: genesis)),
      "006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000"
    ),
    (
      .cfcheckpt(CompactFilterCheckpointsMessage(stop: genesis, filterHeaders: [number(1), number(2)])),
      """
      006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d619000000000002010000000000000000000000000000000000
      00000000000000000000000000000200000000000000000000000000000000000000000000000000000000000000
      """
    ),
    (
      .getblocktxn(GetBlockTransactionsMessage(block: genesis, indexes: [0, 1, 300, .max])),
      """
      6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000040000fd2a01fdd2fe
      """
    ),
    (
      .cmpctblock(CompactBlockMessage.samples[0]),
      """
      0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f61
      7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c080706050403020103010000000000bc9a78563412ffffff
      ffffff020002000000013ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a07000000025152ffffff
      ff0200f2052a01000000016a00000000000000000020a1070002020000000001023ba3edfd7a7b12b27ac72c3e67768f617fc81b
      c3888a51323a9fb8aa4b1e5e4a07000000025152ffffffff6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d61900
      000000000000000000ffffffff0200f2052a01000000016a0000000000000000000002000301020320a10700
      """
    ),
    (
      .blocktxn(BlockTransactionsMessage.samples[0]),
      """
      6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d61900000000000202000000013ba3edfd7a7b12b27ac72c3e6776
      8f617fc81bc3888a51323a9fb8aa4b1e5e4a07000000025152ffffffff0200f2052a01000000016a00000000000000000020a107
      00020000000001023ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a07000000025152ffffffff6f
      e28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d61900000000000000000000ffffffff0200f2052a01000000016a00
      00000000000000000002000301020320a10700
      """
    ),
  ]

  @Test(arguments: messages)
  func agreesWithBitcoinCoresFunctionalTests(_ message: Message, payload: String) throws {
    #expect(message.payload == Samples.hex(payload))
    #expect(try Message.decode(message.command, Samples.hex(payload)) == DecodedMessage(message))
  }

  /// `calculate_shortid` with the keys of the compact block above.
  @Test func makesTheSameShortIDs() {
    let hasher = ShortIDHasher(header: Samples.genesisHeader, nonce: 0x0102_0304_0506_0708)
    #expect(hasher.shortID(Samples.segwitTransaction.wtxid) == 0x90fb_db76_90e0)
  }

  private static func number(_ value: UInt8) -> Hash256 {
    Hash256(Bytes32([value] + [UInt8](repeating: 0, count: 31))!)
  }
}
