import Bytes

extension Hash256 {
  /// Computes the Merkle root of a block from its txids: the double SHA-256 of each pair, row after row. The
  /// last hash of an odd row is paired with itself. Zero for no txids.
  public init(merkleRootOf txids: consuming [Hash256]) {
    var row = txids
    while row.count > 1 {
      if row.count % 2 == 1 { row.append(row[row.count - 1]) }
      for index in 0..<row.count / 2 {
        row[index] = row.withUnsafeBytes { bytes in
          Hash256(doubleSHA256: bytes.bytes.extracting(index * 64..<index * 64 + 64))
        }
      }
      row.removeLast(row.count / 2)
    }
    self = row.first ?? .zero
  }
}
