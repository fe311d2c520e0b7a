import Bytes

extension Hash256 {
  /// The root of the Merkle tree over the txids of a block: the double SHA-256 of each pair, row after row, the
  /// last of an odd row taken twice; zero where there are none.
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
