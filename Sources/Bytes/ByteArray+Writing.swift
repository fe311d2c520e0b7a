extension Array where Element == UInt8 {
  /// Appends an integer in big-endian (network) order.
  @inlinable
  public mutating func appendBig<T: FixedWidthInteger>(_ value: T) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Appends an integer in little-endian order, as Bitcoin's own messages have them.
  @inlinable
  public mutating func appendLittle<T: FixedWidthInteger>(_ value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends the bytes of a span.
  @inlinable
  public mutating func append(_ span: RawSpan) {
    span.withUnsafeBytes { append(contentsOf: $0) }
  }

  /// Overwrites an integer in big-endian order at `offset`, which must lie within the array.
  @inlinable
  public mutating func replaceBig<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count)
    withUnsafeMutableBytes { $0.storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self) }
  }

  /// Appends integers in big-endian order in one piece, which is several times as fast as one after another.
  ///
  /// - Parameters:
  ///   - count: how many bytes they have in all, which must be so.
  ///   - write: writes them.
  @inlinable
  public mutating func appendBig(count: Int, _ write: (inout BigEndianWriter) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
      var writer = BigEndianWriter(buffer)
      write(&writer)
      precondition(writer.rest.isEmpty, "fewer bytes than said")
      append(contentsOf: buffer)
    }
  }
}

/// Writes integers in big-endian order one after another to memory that holds them all.
public struct BigEndianWriter {
  @usableFromInline var rest: Slice<UnsafeMutableRawBufferPointer>

  @inlinable
  init(_ buffer: UnsafeMutableRawBufferPointer) { rest = buffer[...] }

  /// Writes an integer.
  @inlinable
  public mutating func write<T: FixedWidthInteger>(_ value: T) {
    precondition(rest.count >= MemoryLayout<T>.size, "more bytes than said")
    rest.base.storeBytes(of: value.bigEndian, toByteOffset: rest.startIndex, as: T.self)
    rest = rest[(rest.startIndex + MemoryLayout<T>.size)...]
  }
}
