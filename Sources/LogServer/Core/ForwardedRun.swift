import EventLoop
import LogProtocol

/// Whole records of one source on their way to readers: many in one piece, or one in several.
struct ForwardedRun {
  /// The bytes, in order. Where there are several pieces there is one record, and the first one holds its header
  /// and the message's.
  let pieces: [ChunkSlice]

  /// How many records.
  let count: Int

  /// Their sequences, from the first to the last.
  let sequences: ClosedRange<UInt64>

  /// How many bytes.
  let byteCount: Int

  /// Whether it is the first time that the server forwards them; otherwise only an archiving reader that does not
  /// have them gets them.
  let isNew: Bool

  /// Whose they are.
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

/// A large record that is not yet all there: what has come of it is kept by reference, so that nothing is copied
/// until it can be handed on.
struct PartialRecord {
  /// Its header.
  let header: RecordHeader

  /// What has come, in order.
  private(set) var pieces: [ChunkSlice]

  /// How many bytes are to come.
  private(set) var remaining: Int

  /// How many bytes have come.
  var receivedCount: Int { header.recordCount - remaining }

  /// Bytes of the chunks that what has come is in.
  var heldCount: Int {
    var count = 0
    var last: Chunk?
    for piece in pieces where piece.chunk !== last {
      count += piece.chunk.capacity
      last = piece.chunk
    }
    return count
  }

  /// How much of a record must be there to be kept by reference: less is rather read again from where it is.
  static let minimum = 16 << 10

  init(_ header: RecordHeader, _ slice: ChunkSlice) {
    self.header = header
    pieces = [slice]
    remaining = header.recordCount - slice.range.count
  }

  /// Takes what follows from the start of `slice`; returns how many bytes of it are the record's.
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
