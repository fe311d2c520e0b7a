import Bytes

/// Finds where records begin and end in the bytes of a native log stream.
public enum RecordFramer {
  /// What stands at the start of some bytes.
  public enum Piece: Equatable {
    /// Too little to tell, or a piece that is not whole: `count` bytes are needed at least.
    case needsMore(count: Int)
    /// A preamble of 16 bytes.
    case preamble
    /// A record of `count` bytes.
    case record(count: Int)
  }

  /// Looks at the start of `bytes`, which must be where a record may start.
  ///
  /// A length is checked before it is believed: more than `RecordHeader.maximumLength`, or too little for a
  /// header, is an error, after which the stream cannot be read further.
  @inlinable
  public static func first(in bytes: UnsafeRawBufferPointer) throws(WireError) -> Piece {
    guard bytes.count >= 4 else { return .needsMore(count: 4) }
    let length = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    if length > RecordHeader.maximumLength { return try preamble(in: bytes) }
    guard length >= RecordHeader.size - 4 else {
      throw WireError(.invalid("is \(length), less than a header has"), field: "record length", offset: 0)
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
  /// The bytes.
  public let bytes: UnsafeRawBufferPointer

  /// Offset of the next piece; after the last whole one, of what is not whole.
  @inlinable public var offset: Int { position }

  /// How many bytes the piece at `offset` needs at least, once `next()` has found it not whole.
  @inlinable public var neededCount: Int { needed }

  @usableFromInline var position = 0
  @usableFromInline var needed = 0

  /// Creates a cursor at the start of `bytes`, which must be where a record may start; they must outlive
  /// the cursor.
  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next whole record's header and place in the bytes; nil where there is none.
  ///
  /// A record's `offset` in an error is relative to the record that is wrong, which stands at `offset`.
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
