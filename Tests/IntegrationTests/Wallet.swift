import BitcoinWire
import Bytes
import Foundation
import Testing

/// Transactions and blocks of a regression test network in which everybody can spend coinbases.
struct Wallet {
  /// A script that everybody can satisfy: OP_TRUE.
  static let open: [UInt8] = [0x51]

  /// Pays to the SHA-256 of that script (BIP 141): everybody can satisfy it with a witness.
  static let openWitness: [UInt8] =
    [0, 32] + Hexadecimal.bytes(
      "4ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260"
    )!

  /// The fee of a transaction, in satoshi.
  static let fee: Int64 = 10_000

  /// The mature coinbases, oldest first.
  private var coinbases: [Transaction]

  /// The number of blocks to mine. The oldest coinbases are then mature, and heights are above 127, so that a
  /// script (BIP 34) encodes them in two bytes.
  static let height = 130

  /// Mines blocks, and keeps `count` coinbases to spend.
  init(_ node: BitcoinNode, coinbases count: Int) throws {
    coinbases = try node.mine(Self.height).prefix(count).map { try node.block($0).transactions[0] }
  }

  /// Spends a coinbase. Half of it goes to a script that needs a witness.
  mutating func spendCoinbase() -> Transaction {
    let coinbase = coinbases.removeFirst()
    let half = (coinbase.outputs[0].value - Self.fee) / 2
    return Transaction(
      version: 2,
      inputs: [TransactionInput(previous: OutPoint(txid: coinbase.txid, index: 0), script: [])],
      outputs: [
        TransactionOutput(value: half, script: Self.openWitness),
        TransactionOutput(value: half, script: Self.open),
      ],
      lockTime: 0
    )
  }

  /// Spends, with a witness, the half that needs one.
  static func spendWitness(of transaction: Transaction) -> Transaction {
    let previous = OutPoint(txid: transaction.txid, index: 0)
    return Transaction(
      version: 2,
      inputs: [TransactionInput(previous: previous, script: [], witness: [open])],
      outputs: [TransactionOutput(value: transaction.outputs[0].value - fee, script: openWitness)],
      lockTime: 0
    )
  }

  /// A valid block on top of a node's best block.
  static func block(on node: BitcoinNode, of transactions: [Transaction]) throws -> Block {
    let template = try node.object("getblocktemplate", "{\"rules\":[\"segwit\"]}")
    let height = try #require(template["height"] as? Int)
    let fees = fee * Int64(transactions.count)
    let others = try #require(template["transactions"] as? [[String: Any]])
    let subsidy =
      try #require(template["coinbasevalue"] as? Int64) - others.reduce(0) { $0 + ($1["fee"] as! Int64) }
    let root = Hash256(merkleRootOf: [.zero] + transactions.map(\.wtxid))
    let commitment = Hash256(root, .zero)
    var script: [UInt8] = [2]
    script.appendLittle(UInt16(height))
    let coinbase = Transaction(
      version: 2,
      inputs: [
        TransactionInput(
          previous: OutPoint(txid: .zero, index: .max),
          script: script,
          witness: [Hash256.zero.bytes.array]
        )
      ],
      outputs: [
        TransactionOutput(value: subsidy + fees, script: open),
        TransactionOutput(value: 0, script: [0x6a, 36, 0xaa, 0x21, 0xa9, 0xed] + commitment.bytes.array),
      ],
      lockTime: 0
    )
    var block = Block(
      header: BlockHeader(
        version: try #require(template["version"] as? Int32),
        previous: try #require((template["previousblockhash"] as? String).flatMap(Hash256.init)),
        merkleRoot: .zero,
        time: try #require(template["curtime"] as? UInt32),
        bits: 0x207f_ffff,
        nonce: 0
      ),
      transactions: [coinbase] + transactions
    )
    block.header.merkleRoot = block.computedMerkleRoot
    // The target is so high that one hash in two meets it.
    while block.header.hash.description >= "7fffff" { block.header.nonce += 1 }
    return block
  }
}

extension BitcoinNode {
  /// A block of the node's chain, decoded from its bytes.
  func block(_ hash: String) throws -> Block {
    let bytes = try #require(Hexadecimal.bytes(call("getblock", hash, "0")))
    return try Block(bytes.span.bytes)
  }

  /// The hash of the node's best block.
  func best() throws -> Hash256 { try #require(Hash256(call("getbestblockhash"))) }

  /// Whether the node's mempool holds a transaction under both its txid and its wtxid.
  func holds(_ transaction: Transaction) throws -> Bool {
    let pool = try object("getrawmempool", "true")
    let entry = pool[transaction.txid.description] as? [String: Any]
    return entry?["wtxid"] as? String == transaction.wtxid.description
  }
}
