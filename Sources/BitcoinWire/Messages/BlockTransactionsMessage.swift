import Bytes
import JSON

/// `blocktxn`: the transactions of a compact block that a `getblocktxn` requested (BIP152).
///
/// Hash of the block, 32; the transactions, CompactSize count and each with its witnesses.
public struct BlockTransactionsMessage: MessagePayload {
  /// The hash of the block.
  public var block: Hash256

  /// The transactions, in the block's order.
  public var transactions: [Transaction]

  /// Creates a message from its fields.
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
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("block", block)
    json.objects("transactions", transactions) { $1.write(to: &$0, in: dialect) }
  }

  /// Makes the message from its fields.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(block: try fields.requiredHash("block"), transactions: try fields.transactions())
  }

  /// The block, and the number of transactions.
  public func summary(in dialect: Dialect) -> String {
    "\(block.abbreviation) \(transactions.count) tx"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.required("block"), .optional("transactions", "=HEX,…")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    BlockTransactionsMessage(block: BlockHeader.sample.hash, transactions: Transaction.samples)
  ]
}

extension Command {
  /// Carries transactions of a compact block (BIP152).
  public static let blocktxn: Command = "blocktxn"
}

extension MessageKind {
  /// `blocktxn`.
  static let blocktxn = MessageKind(.blocktxn, Message.blocktxn, bips: [152], since: 70014)
}
