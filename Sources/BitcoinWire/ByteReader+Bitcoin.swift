import Bytes

extension ByteReader {
  /// The largest length or count that Bitcoin Core reads (`MAX_SIZE`), 32 MiB.
  public static var maximumCompactSize: UInt64 { 0x0200_0000 }

  /// Reads a CompactSize: one byte up to 252, or 253, 254 or 255 followed by 2, 4 or 8 bytes, little-endian.
  ///
  /// Like Bitcoin Core, refuses a number above `maximum` or not in its shortest form.
  @_lifetime(self: copy self)
  public mutating func compactSize(
    _ field: StaticString,
    maximum: UInt64 = maximumCompactSize
  ) throws(WireError) -> UInt64 {
    var ahead = self
    let value: UInt64
    let least: UInt64
    switch try ahead.little(UInt8.self, field) {
    case 255: (value, least) = (try ahead.little(UInt64.self, field), 1 << 32)
    case 254: (value, least) = (UInt64(try ahead.little(UInt32.self, field)), 1 << 16)
    case 253: (value, least) = (UInt64(try ahead.little(UInt16.self, field)), 253)
    case let byte: (value, least) = (UInt64(byte), 0)
    }
    guard value >= least else {
      throw WireError(.invalid("is written longer than necessary"), field: field, offset: offset)
    }
    guard value <= maximum else {
      throw WireError(.limit(value: value, maximum: maximum), field: field, offset: offset)
    }
    self = ahead
    return value
  }

  /// Reads an element count. Throws unless the remaining bytes can hold that many elements of `size` bytes,
  /// so that a false count cannot make a caller reserve memory.
  @_lifetime(self: copy self)
  public mutating func count(
    _ field: StaticString,
    maximum: Int,
    size: Int
  ) throws(WireError) -> Int {
    var ahead = self
    let count = Int(try ahead.compactSize(field, maximum: UInt64(maximum)))
    try ahead.require(count * size, field)
    self = ahead
    return count
  }

  /// Reads a CompactSize of at most `maximum`, then that many bytes.
  @_lifetime(self: copy self)
  public mutating func counted(_ field: StaticString, maximum: Int) throws(WireError) -> [UInt8] {
    var ahead = self
    let count = Int(try ahead.compactSize(field, maximum: UInt64(maximum)))
    let result = try ahead.array(count, field)
    self = ahead
    return result
  }

  /// Reads a CompactSize of at most `maximum`, then a view of that many bytes.
  @_lifetime(copy self)
  public mutating func countedSpan(_ field: StaticString, maximum: Int) throws(WireError) -> RawSpan {
    var ahead = self
    let count = Int(try ahead.compactSize(field, maximum: UInt64(maximum)))
    let result = try ahead.span(count, field)
    self = ahead
    return result
  }

  /// Reads 32 bytes.
  @_lifetime(self: copy self)
  public mutating func bytes32(_ field: StaticString) throws(WireError) -> Bytes32 {
    Bytes32(try span(32, field))
  }

  /// Reads a hash of 32 bytes.
  @_lifetime(self: copy self)
  public mutating func hash(_ field: StaticString) throws(WireError) -> Hash256 {
    Hash256(try bytes32(field))
  }

  /// Reads a CompactSize of at most `maximum`, then that many hashes.
  ///
  /// - Parameters:
  ///   - count: the name of the count in errors.
  ///   - hash: the name of each hash in errors.
  @_lifetime(self: copy self)
  public mutating func hashes(
    _ count: StaticString,
    of hash: StaticString,
    maximum: Int
  ) throws(WireError) -> [Hash256] {
    let count = try self.count(count, maximum: maximum, size: 32)
    var hashes: [Hash256] = []
    hashes.reserveCapacity(count)
    for _ in 0..<count { hashes.append(try self.hash(hash)) }
    return hashes
  }
}
