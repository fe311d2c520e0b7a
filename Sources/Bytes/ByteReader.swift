/// Reads fields from borrowed bytes in order, without copying or allocating.
///
/// Every read first checks the remaining length and throws a `WireError` that names the field. A read that
/// throws does not move the reader.
public struct ByteReader: ~Escapable {
  /// All bytes, read or not.
  public let bytes: RawSpan

  /// Offset of the next byte to read, from 0.
  @inlinable public var offset: Int { position }

  @usableFromInline var position = 0

  /// Creates a reader at the start of `bytes`.
  @inlinable
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) { self.bytes = bytes }

  /// The number of bytes left to read.
  @inlinable public var remaining: Int { bytes.byteCount - offset }

  /// Throws unless `count` bytes are left.
  @inlinable
  public func require(_ count: Int, _ field: StaticString) throws(WireError) {
    guard count >= 0, remaining >= count else {
      throw WireError(.truncated(needed: count, available: remaining), field: field, offset: offset)
    }
  }

  /// Throws unless every byte was read.
  public func finish(_ field: StaticString) throws(WireError) {
    guard remaining == 0 else {
      throw WireError(.trailing(count: remaining), field: field, offset: offset)
    }
  }

  /// Reads an integer in big-endian (network) order.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func big<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type,
    _ field: StaticString
  ) throws(WireError) -> T {
    T(bigEndian: try load(field))
  }

  /// Reads an integer in little-endian order, as in Bitcoin's messages.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func little<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type,
    _ field: StaticString
  ) throws(WireError) -> T {
    T(littleEndian: try load(field))
  }

  /// Reads an integer in big-endian order, of the type that the context requires.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func big<T: FixedWidthInteger & BitwiseCopyable>(
    _ field: StaticString
  ) throws(WireError) -> T {
    try big(T.self, field)
  }

  /// Reads an integer in little-endian order, of the type that the context requires.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func little<T: FixedWidthInteger & BitwiseCopyable>(
    _ field: StaticString
  ) throws(WireError) -> T {
    try little(T.self, field)
  }

  /// Reads the next `count` bytes as a view.
  @inlinable
  @_lifetime(copy self)
  public mutating func span(_ count: Int, _ field: StaticString) throws(WireError) -> RawSpan {
    try require(count, field)
    let result = bytes.extracting(offset..<offset + count)
    advance(count)
    return result
  }

  /// Reads the next `count` bytes into a new array.
  @_lifetime(self: copy self)
  public mutating func array(_ count: Int, _ field: StaticString) throws(WireError) -> [UInt8] {
    try require(count, field)
    let result = [UInt8](bytes.extracting(offset..<offset + count))
    advance(count)
    return result
  }

  /// Skips `count` bytes.
  @_lifetime(self: copy self)
  public mutating func skip(_ count: Int, _ field: StaticString) throws(WireError) {
    try require(count, field)
    advance(count)
  }

  @inlinable
  @_lifetime(self: copy self)
  mutating func load<T: FixedWidthInteger & BitwiseCopyable>(_ field: StaticString) throws(WireError) -> T {
    try require(MemoryLayout<T>.size, field)
    let value = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: T.self)
    advance(MemoryLayout<T>.size)
    return value
  }

  @inlinable
  @_lifetime(self: copy self)
  mutating func advance(_ count: Int) { position += count }
}

extension Array where Element == UInt8 {
  /// Copies the bytes of a span.
  @inlinable
  public init(_ span: RawSpan) {
    self.init(unsafeUninitializedCapacity: span.byteCount) { target, count in
      span.withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
      count = span.byteCount
    }
  }
}
