import BitcoinWire
import Bytes
import Testing

@Suite struct BlockTests {
  /// The genesis block of the main network.
  let genesis = Samples.hex(
    """
    0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e
    67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c01010000000100000000000000000000
    00000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f
    4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f75742066
    6f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a6
    7962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000
    """
  )

  @Test func readsTheFirstBlock() throws {
    let block = try Block(genesis.span.bytes)
    #expect(block.header == Samples.genesisHeader)
    #expect(block.header.hash == Network.mainnet.genesisHash)
    #expect(block.computedMerkleRoot == block.header.merkleRoot)
    #expect(block.transactions[0].inputs[0].previous == OutPoint(txid: .zero, index: .max))
    #expect(block.bytes == genesis)
  }

  @Test(.enabled(if: Samples.data != nil))
  func readsAWholeBlock() throws {
    let bytes = try Samples.file("blocks/block413567.raw")
    let decoded = try Message.decode(.block, bytes)
    guard case .block(let block) = decoded.message else {
      Issue.record("not a block")
      return
    }
    #expect(decoded.trailing == [])
    #expect(block.header.hash == "0000000000000000025aff8be8a55df8f89c77296db6198f272d6577325d4069")
    #expect(block.computedMerkleRoot == block.header.merkleRoot)
    #expect(block.transactions.count == 1557)
    #expect(block.bytes == bytes)
    let summary = Message.summary(.block, payload: bytes.span.bytes)
    #expect(summary == decoded.message.summary)
  }
}
