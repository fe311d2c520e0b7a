import Observations

/// Whole records of one source, back to back in some bytes, that nobody has to look into: found in one pass over
/// their headers, to be handed on as a whole.
public struct RecordRun: Equatable, Sendable {
  /// Where in the bytes.
  public private(set) var range: Range<Int>

  /// How many records.
  public private(set) var count = 0

  /// The first one's sequence; where there is none yet, of no meaning.
  public private(set) var firstSequence: UInt64 = 0

  /// The last one's sequence; where there is none yet, of the record before the run.
  public private(set) var lastSequence: UInt64

  /// Creates an empty run.
  ///
  /// - Parameters:
  ///   - offset: where its first record is to begin.
  ///   - sequence: of the record before it.
  public init(at offset: Int, after sequence: UInt64) {
    range = offset..<offset
    lastSequence = sequence
  }

  /// Whether there is no record in it.
  public var isEmpty: Bool { count == 0 }

  /// Takes in a record that begins where the run ends, whatever it is.
  public mutating func append(_ header: RecordHeader) {
    range = range.lowerBound..<range.upperBound + header.recordCount
    if count == 0 { firstSequence = header.sequence }
    lastSequence = header.sequence
    count += 1
  }

  /// Takes in the records that follow in `bytes` up to, not including, the first one that is not whole, not of
  /// that source, does not have a sequence between the last one's and `limit`, may change the table of
  /// connections (`RecordType.meta`, `.connection`), or is malformed (`RecordHeader.checkKind(of:)`).
  public mutating func extend(in bytes: UnsafeRawBufferPointer, source: UInt32, through limit: UInt64) {
    guard let base = bytes.baseAddress else { return }
    let source = source.bigEndian
    let meta = RecordType.meta.rawValue.bigEndian
    let connection = RecordType.connection.rawValue.bigEndian
    var offset = range.upperBound
    var sequence = lastSequence
    var count = count
    let end = bytes.count
    while end - offset >= RecordHeader.size {
      let record = base + offset
      let length = Int(UInt32(bigEndian: record.loadUnaligned(as: UInt32.self)))
      let next = UInt64(bigEndian: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      let type = record.loadUnaligned(fromByteOffset: 24, as: UInt16.self)
      guard length >= RecordHeader.size - 4, length <= min(RecordHeader.maximumLength, end - offset - 4),
        record.loadUnaligned(fromByteOffset: 4, as: UInt32.self) == source,
        next > sequence, next <= limit,
        type != meta, type != connection,
        type & (type &- 1) == 0, type != 0, record.load(fromByteOffset: 27, as: UInt8.self) == 0
      else {
        break
      }
      if count == 0 { firstSequence = next }
      sequence = next
      count += 1
      offset += length + 4
    }
    range = range.lowerBound..<offset
    self.count = count
    lastSequence = sequence
  }
}
