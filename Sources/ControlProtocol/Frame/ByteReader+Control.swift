import Bytes

extension ByteReader {
  /// Reads the number of elements that follow (u32). Throws unless the rest has at least `size` bytes for
  /// each, so that no memory is reserved for a false count.
  @_lifetime(self: copy self)
  mutating func elementCount(size: Int, _ field: StaticString) throws(WireError) -> Int {
    let count = Int(try big(UInt32.self, field))
    try require(count * size, field)
    return count
  }

  /// Reads ids: u32 count, u32 each.
  @_lifetime(self: copy self)
  mutating func identifiers(_ field: StaticString) throws(WireError) -> [UInt32] {
    let count = try elementCount(size: 4, field)
    var result: [UInt32] = []
    result.reserveCapacity(count)
    for _ in 0..<count { result.append(try big(field)) }
    return result
  }
}

extension Array where Element == UInt8 {
  /// Appends ids: u32 count, u32 each.
  mutating func appendIdentifiers(_ identifiers: [UInt32]) {
    reserveCapacity(count + 4 + 4 * identifiers.count)
    appendBig(UInt32(identifiers.count))
    for identifier in identifiers { appendBig(identifier) }
  }
}
