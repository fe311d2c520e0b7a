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
    header = try BlockHeader(from: &reader)
    let count = try reader.count(
      "transaction count",
      maximum: .maximumSize,
      size: Self.minimumTransactionSize
    )
    transactions = []
    transactions.reserveCapacity(count)
    for _ in 0..<count { transactions.append(try Transaction(from: &reader)) }
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

  /// The Merkle root that the header should have: of the txids, the last of an odd row taken twice;
  /// zero where there are no transactions. Hashes every transaction.
  public var computedMerkleRoot: Hash256 {
    var row = transactions.map(\.txid)
    guard !row.isEmpty else { return .zero }
    while row.count > 1 {
      row = stride(from: 0, to: row.count, by: 2).map { index in
        var pair: [UInt8] = []
        pair.append(row[index])
        pair.append(row[Swift.min(index + 1, row.count - 1)])
        return Hash256(doubleSHA256: pair.span.bytes)
      }
    }
    return row[0]
  }
}
