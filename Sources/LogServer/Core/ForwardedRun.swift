import EventLoop
import LogProtocol

/// Whole records of one source on their way to readers: many records in one piece, or one record in several.
struct ForwardedRun {
  /// The bytes, in order. If there are several pieces they form one record, and the first piece holds its
  /// header and the message's.
  let pieces: [ChunkSlice]

  /// The number of records.
  let count: Int

  /// The sequence numbers, from the first to the last.
  let sequences: ClosedRange<UInt64>

  /// The length of all records, in bytes.
  let byteCount: Int

  /// Whether the server forwards these records for the first time. If not, only archiving readers that lack
  /// them get them.
  let isNew: Bool

  /// The source of the records.
  let source: KnownSource

  init(_ slice: ChunkSlice, _ run: RecordRun, isNew: Bool, of source: KnownSource) {
    pieces = [slice]
    count = run.count
    sequences = run.firstSequence...run.lastSequence
    byteCount = slice.range.count
    self.isNew = isNew
    self.source = source
  }

  init(_ header: RecordHeader, _ pieces: [ChunkSlice], isNew: Bool, of source: KnownSource) {
    self.pieces = pieces
    count = 1
    sequences = header.sequence...header.sequence
    byteCount = header.recordCount
    self.isNew = isNew
    self.source = source
  }
}

/// The beginning of a large record. Its bytes are kept by reference, so nothing is copied before the record
/// is whole.
struct PartialRecord {
  /// The record's header.
  let header: RecordHeader

  /// The bytes received, in order.
  private(set) var pieces: [ChunkSlice]

  /// The number of bytes still missing.
  private(set) var remaining: Int

  /// The number of bytes received.
  var receivedCount: Int { header.recordCount - remaining }

  /// Bytes of the chunks that hold the received bytes.
  var heldCount: Int {
    var count = 0
    var last: Chunk?
    for piece in pieces where piece.chunk !== last {
      count += piece.chunk.capacity
      last = piece.chunk
    }
    return count
  }

  /// Least bytes of a record that are kept by reference. A shorter beginning stays in the stream's buffer and
  /// is parsed again.
  static let minimum = 16 << 10

  init(_ header: RecordHeader, _ slice: ChunkSlice) {
    self.header = header
    pieces = [slice]
    remaining = header.recordCount - slice.range.count
  }

  /// Adds the bytes at the start of `slice`; returns how many of them belong to the record.
  mutating func take(_ slice: ChunkSlice) -> Int {
    let count = min(remaining, slice.range.count)
    let start = slice.range.lowerBound
    let last = pieces.count - 1
    if pieces[last].chunk === slice.chunk, pieces[last].range.upperBound == start {
      pieces[last].range = pieces[last].range.lowerBound..<start + count
    } else {
      pieces.append(ChunkSlice(slice.chunk, start..<start + count))
    }
    remaining -= count
    return count
  }
}
