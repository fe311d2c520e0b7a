import Bytes

extension Array where Element == UInt8 {
  /// Appends a number as a CompactSize of 1, 3, 5 or 9 bytes, the fewest that hold it.
  public mutating func appendCompactSize(_ value: some BinaryInteger) {
    switch UInt64(value) {
    case let value where value < 253:
      append(UInt8(value))
    case let value where value <= UInt16.max:
      append(253)
      appendLittle(UInt16(value))
    case let value where value <= UInt32.max:
      append(254)
      appendLittle(UInt32(value))
    case let value:
      append(255)
      appendLittle(value)
    }
  }

  /// Appends the byte count as a CompactSize, then the bytes.
  public mutating func appendCounted(_ bytes: [UInt8]) {
    appendCompactSize(bytes.count)
    append(contentsOf: bytes)
  }

  /// Appends the hash count as a CompactSize, then the hashes.
  public mutating func appendCounted(_ hashes: [Hash256]) {
    appendCompactSize(hashes.count)
    for hash in hashes { append(hash) }
  }

  /// Appends the 32 bytes of a hash in wire order.
  public mutating func append(_ hash: Hash256) { append(hash.bytes) }

  /// Appends 32 bytes.
  public mutating func append(_ bytes: Bytes32) {
    bytes.withUnsafeBytes { append(contentsOf: $0) }
  }
}
