extension Array where Element == UInt8 {
  /// Appends an integer in big-endian (network) order.
  @inlinable
  public mutating func appendBig<T: FixedWidthInteger>(_ value: T) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Appends an integer in little-endian order, as in Bitcoin's messages.
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

  /// Appends several integers in big-endian order in one step, several times as fast as one by one.
  ///
  /// - Parameters:
  ///   - count: their total length in bytes; `write` must write exactly this many.
  ///   - write: writes the integers.
  @inlinable
  public mutating func appendBig(count: Int, _ write: (inout BigEndianWriter) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
      var writer = BigEndianWriter(buffer)
      write(&writer)
      precondition(writer.rest.isEmpty, "fewer bytes than announced")
      append(contentsOf: buffer)
    }
  }
}

/// Writes integers in big-endian order to memory of fixed size.
public struct BigEndianWriter {
  @usableFromInline var rest: Slice<UnsafeMutableRawBufferPointer>

  @inlinable
  init(_ buffer: UnsafeMutableRawBufferPointer) { rest = buffer[...] }

  /// Writes an integer; traps if it does not fit.
  @inlinable
  public mutating func write<T: FixedWidthInteger>(_ value: T) {
    precondition(rest.count >= MemoryLayout<T>.size, "more bytes than announced")
    rest.base.storeBytes(of: value.bigEndian, toByteOffset: rest.startIndex, as: T.self)
    rest = rest[(rest.startIndex + MemoryLayout<T>.size)...]
  }
}
