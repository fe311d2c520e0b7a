import Bytes

/// A block in place. Its transactions are read one by one, so reading only the header costs no more than
/// that.
public struct BlockCursor: ~Escapable {
  /// The block's header.
  public let header: BlockHeader

  /// The number of transactions not read yet; before the first `next`, the total.
  public private(set) var remaining: Int

  /// The bytes not read yet; after the last transaction, the bytes after the block.
  private(set) var reader: ByteReader

  /// Opens the payload of a message; reads only the header and the count.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    try self.init(from: ByteReader(payload))
  }

  /// Opens the block at the position of `reader`.
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

  /// Reads the next transaction; nil after the last one. Do not call it again after an error.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  public mutating func next() throws(WireError) -> TransactionView? {
    guard remaining > 0 else { return nil }
    let transaction = try TransactionView(from: &reader)
    remaining -= 1
    return transaction
  }

  /// The Merkle root of the transactions not read yet; if all are unread, the root that the header should
  /// have. Reads and hashes each of them.
  public consuming func computedMerkleRoot() throws(WireError) -> Hash256 {
    var txids: [Hash256] = []
    txids.reserveCapacity(remaining)
    while let transaction = try next() { txids.append(transaction.txid) }
    return Hash256(merkleRootOf: txids)
  }
}
