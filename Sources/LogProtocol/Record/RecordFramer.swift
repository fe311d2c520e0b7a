import Bytes

/// Finds the boundaries of records in the bytes of a native log stream.
public enum RecordFramer {
  /// The piece at the start of some bytes.
  public enum Piece: Equatable {
    /// Too few bytes to tell, or an incomplete piece: at least `count` bytes are needed.
    case needsMore(count: Int)
    /// A preamble of 16 bytes.
    case preamble
    /// A record of `count` bytes.
    case record(count: Int)
  }

  /// Returns the piece that `bytes` begin with. They must begin at a record boundary.
  ///
  /// A length above `RecordHeader.maximumLength` or below that of a header is an error, after which the
  /// stream cannot be read further.
  @inlinable
  public static func first(in bytes: UnsafeRawBufferPointer) throws(WireError) -> Piece {
    guard bytes.count >= 4 else { return .needsMore(count: 4) }
    let length = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    if length > RecordHeader.maximumLength { return try preamble(in: bytes) }
    guard length >= RecordHeader.size - 4 else {
      throw WireError(.invalid("is \(length), shorter than a header"), field: "record length", offset: 0)
    }
    return bytes.count >= length + 4 ? .record(count: length + 4) : .needsMore(count: length + 4)
  }

  @usableFromInline
  static func preamble(in bytes: UnsafeRawBufferPointer) throws(WireError) -> Piece {
    let mark = UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
    guard mark == StreamPreamble.mark else {
      throw WireError(
        .limit(value: UInt64(mark), maximum: UInt64(RecordHeader.maximumLength)),
        field: "record length",
        offset: 0
      )
    }
    guard bytes.count >= StreamPreamble.size else { return .needsMore(count: StreamPreamble.size) }
    let version = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
    guard version == StreamPreamble.version else {
      throw WireError(
        .invalid("is \(version); this program reads version 1"),
        field: "stream version",
        offset: 4
      )
    }
    return .preamble
  }
}

/// Walks over the whole records in some bytes, skipping preambles.
public struct RecordCursor {
  /// The bytes to walk over.
  public let bytes: UnsafeRawBufferPointer

  /// Offset of the next piece; after the last whole one, of the incomplete one.
  @inlinable public var offset: Int { position }

  /// Least length of the piece at `offset` in bytes, once `next()` has found it incomplete.
  @inlinable public var neededCount: Int { needed }

  @usableFromInline var position = 0
  @usableFromInline var needed = 0

  /// Creates a cursor at the start of `bytes`, which must be a record boundary. The bytes must outlive the
  /// cursor.
  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Returns the next whole record's header and range; nil if there is none.
  ///
  /// The offset of an error is relative to the bad record, which begins at `offset`.
  @inlinable
  public mutating func next() throws(WireError) -> (header: RecordHeader, range: Range<Int>)? {
    while position < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      switch try RecordFramer.first(in: rest) {
      case .needsMore(let count):
        needed = count
        return nil
      case .preamble:
        position += StreamPreamble.size
      case .record(let count):
        let range = position..<position + count
        position = range.upperBound
        return (RecordHeader(checked: rest), range)
      }
    }
    needed = 4
    return nil
  }
}
