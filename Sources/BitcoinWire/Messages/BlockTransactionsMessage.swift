import Bytes
import JSON

/// `blocktxn`: the transactions of a compact block that `getblocktxn` asked for (BIP152).
///
/// Hash of the block, 32; the transactions, CompactSize count and each with its witnesses.
public struct BlockTransactionsMessage: MessagePayload {
  /// The block.
  public var block: Hash256

  /// The transactions, in the block's order.
  public var transactions: [Transaction]

  /// Creates a message of these fields.
  public init(block: Hash256, transactions: [Transaction]) {
    self.block = block
    self.transactions = transactions
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    block = try reader.hash("block")
    let count = try reader.count(
      "transaction count",
      maximum: .maximumSize,
      size: Block.minimumTransactionSize
    )
    transactions = []
    transactions.reserveCapacity(count)
    for _ in 0..<count { transactions.append(try Transaction(from: &reader)) }
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(block)
    bytes.appendCompactSize(transactions.count)
    for transaction in transactions { transaction.append(to: &bytes) }
  }

  /// Writes the block's hash and every transaction.
  public func write(to json: inout JSONWriter) {
    json.member("block", block)
    json.objects("transactions", transactions) { $1.write(to: &$0) }
  }
}
