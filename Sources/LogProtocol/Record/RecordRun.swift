import Observations

/// Adjacent whole records of one source that need no closer look: found in one pass over their headers, and
/// forwarded together.
public struct RecordRun: Equatable, Sendable {
  /// The bytes' range in the buffer.
  public private(set) var range: Range<Int>

  /// The number of records.
  public private(set) var count = 0

  /// Sequence number of the first record; meaningless while the run is empty.
  public private(set) var firstSequence: UInt64 = 0

  /// Sequence number of the last record; while the run is empty, of the record before it.
  public private(set) var lastSequence: UInt64

  /// Creates an empty run.
  ///
  /// - Parameters:
  ///   - offset: start of its first record.
  ///   - sequence: sequence number of the record before it.
  public init(at offset: Int, after sequence: UInt64) {
    range = offset..<offset
    lastSequence = sequence
  }

  /// Whether the run has no records.
  public var isEmpty: Bool { count == 0 }

  /// Appends a record of any kind that begins at the end of the run.
  public mutating func append(_ header: RecordHeader) {
    range = range.lowerBound..<range.upperBound + header.recordCount
    if count == 0 { firstSequence = header.sequence }
    lastSequence = header.sequence
    count += 1
  }

  /// Appends the records that follow in `bytes`. Stops before the first one that is incomplete, is of another
  /// source, has a sequence number not above the last one's or above `limit`, may change the connection table
  /// (`RecordType.meta`, `.connection`), or is malformed (`RecordHeader.checkKind(of:)`).
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
