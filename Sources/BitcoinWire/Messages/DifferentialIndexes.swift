import Bytes

/// Increasing positions in a block. Each is encoded as a CompactSize: the number of positions between it and
/// the previous one (BIP152).
struct DifferentialIndexes {
  private var least = 0

  /// Reads a position of at most `maximum`.
  @_lifetime(reader: copy reader)
  mutating func next(
    _ field: StaticString,
    maximum: Int,
    from reader: inout ByteReader
  ) throws(WireError) -> UInt16 {
    let offset = reader.offset
    let index = least + Int(try reader.compactSize(field))
    guard index <= maximum, let result = UInt16(exactly: index) else {
      throw WireError(.limit(value: UInt64(index), maximum: UInt64(maximum)), field: field, offset: offset)
    }
    least = index + 1
    return result
  }

  /// Appends a position; traps if it is not past the previous one.
  mutating func append(_ index: UInt16, to bytes: inout [UInt8]) {
    precondition(index >= least, "places in a block must increase")
    bytes.appendCompactSize(Int(index) - least)
    least = Int(index) + 1
  }
}
