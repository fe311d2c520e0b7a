import Bytes
import JSON

/// `block`: a header and its transactions, with their witnesses where they were asked for (BIP144).
public struct Block: MessagePayload {
  /// The least length of a transaction on the wire in bytes.
  public static let minimumTransactionSize = 10

  /// The header.
  public var header: BlockHeader

  /// The transactions, the coinbase first.
  public var transactions: [Transaction]

  /// Creates a block of these parts, checking nothing.
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
  public func write(to json: inout JSONWriter) {
    header.write(to: &json)
    json.objects("transactions", transactions) { $1.write(to: &$0) }
  }

  /// The Merkle root that the header should have. Hashes every transaction.
  public var computedMerkleRoot: Hash256 { Hash256(merkleRootOf: transactions.map(\.txid)) }
}
