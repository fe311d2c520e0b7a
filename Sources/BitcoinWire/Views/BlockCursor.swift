import Bytes

/// A block where it lies, its transactions read one after another: whoever wants the header pays for no more.
public struct BlockCursor: ~Escapable {
  /// The header.
  public let header: BlockHeader

  /// How many transactions are left; before the first `next`, how many there are.
  public private(set) var remaining: Int

  /// What is not read yet; when no transaction is left, what follows the block.
  private(set) var reader: ByteReader

  /// Looks at the payload of a message; only the header and the count are read.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    try self.init(from: ByteReader(payload))
  }

  /// Looks at the block that `reader` stands before.
  @_lifetime(copy reader)
  init(from reader: consuming ByteReader) throws(WireError) {
    header = try BlockHeader(from: &reader)
    remaining = try reader.count(
      "transaction count",
      maximum: .maximumSize,
      size: Block.minimumTransactionSize
    )
    self.reader = reader
  }

  /// Reads the next transaction; nil where all are read. After an error the block is of no more use.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  public mutating func next() throws(WireError) -> TransactionView? {
    guard remaining > 0 else { return nil }
    let transaction = try TransactionView(from: &reader)
    remaining -= 1
    return transaction
  }

  /// The Merkle root that the header should have. Reads and hashes every transaction that is left.
  public consuming func computedMerkleRoot() throws(WireError) -> Hash256 {
    var txids: [Hash256] = []
    txids.reserveCapacity(remaining)
    while let transaction = try next() { txids.append(transaction.txid) }
    return Hash256(merkleRootOf: txids)
  }
}
