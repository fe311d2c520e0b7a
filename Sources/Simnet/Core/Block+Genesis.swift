import BitcoinWire
import Bytes

extension Block {
  /// The first block of the chain: regtest's, with the main network's coinbase.
  static let genesis: Block = {
    let headline = "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks"
    let key = """
      04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6\
      49f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f
      """
    let coinbase = Transaction(
      version: 1,
      inputs: [
        TransactionInput(
          previous: OutPoint(txid: .zero, index: .max),
          script: [0x04, 0xff, 0xff, 0x00, 0x1d, 0x01, 0x04, 0x45] + Array(headline.utf8)
        )
      ],
      outputs: [
        TransactionOutput(value: 5_000_000_000, script: [0x41] + (Hexadecimal.bytes(key) ?? []) + [0xac])
      ],
      lockTime: 0
    )
    let header = BlockHeader(
      version: 1,
      previous: .zero,
      merkleRoot: coinbase.txid,
      time: 1_296_688_602,
      bits: BlockMiner.bits,
      nonce: 2
    )
    return Block(header: header, transactions: [coinbase])
  }()
}
