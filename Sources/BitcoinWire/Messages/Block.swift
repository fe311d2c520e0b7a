import Bytes
import JSON

/// `block`: a header and its transactions, with their witnesses if the request was for them (BIP144).
public struct Block: MessagePayload {
  /// The minimum length of a transaction on the wire in bytes.
  public static let minimumTransactionSize = 10

  /// The header.
  public var header: BlockHeader

  /// The transactions, the coinbase first.
  public var transactions: [Transaction]

  /// Creates a block from its parts without checking them.
  public init(header: BlockHeader, transactions: [Transaction]) {
    self.header = header
    self.transactions = transactions
  }

  /// Reads the header, a CompactSize count and the transactions.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    var cursor = try BlockCursor(from: reader)
    header = cursor.header
    transactions = []
    transactions.reserveCapacity(cursor.remaining)
    while let transaction = try cursor.next() { transactions.append(Transaction(transaction)) }
    reader = cursor.reader
  }

  /// Appends the header, the count and the transactions.
  public func append(to bytes: inout [UInt8]) {
    header.append(to: &bytes)
    bytes.appendCompactSize(transactions.count)
    for transaction in transactions { transaction.append(to: &bytes) }
  }

  /// Writes the header with its hash, and every transaction.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    header.write(to: &json)
    json.objects("transactions", transactions) { $1.write(to: &$0, in: dialect) }
  }

  /// Makes the block from its fields, or from the whole as `bytes`.
  public init(fields: inout FieldReader) throws(FieldError) {
    if let block: Block = try fields.whole() {
      self = block
      return
    }
    self.init(header: try BlockHeader(fields: &fields), transactions: try fields.transactions())
  }

  /// The hash, and the number of transactions.
  public func summary(in dialect: Dialect) -> String {
    "\(header.hash) \(transactions.count) tx"
  }

  /// Counts the transactions without reading them.
  public static func summary(of payload: RawSpan, in dialect: Dialect) throws(WireError) -> String {
    let block = try BlockCursor(payload)
    return "\(block.header.hash) \(block.remaining) tx"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] =
    [.replacement("bytes", "=HEX")] + BlockHeader.fields + [.optional("transactions", "=HEX,…")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [Block(header: .sample, transactions: Transaction.samples)]

  /// The Merkle root that the header should have. Hashes every transaction.
  public var computedMerkleRoot: Hash256 { Hash256(merkleRootOf: transactions.map(\.txid)) }
}

extension Command {
  /// Carries a block.
  public static let block: Command = "block"
}

extension MessageKind {
  /// `block`.
  static let block = MessageKind(.block, Message.block, bips: [144])
}
