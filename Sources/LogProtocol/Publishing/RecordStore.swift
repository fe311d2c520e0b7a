import EventLoop
import Glibc

/// The records of a source that the log server has not acknowledged, in order, within a bound.
///
/// It has no socket. Records are appended at the end, taken for sending at a position in the middle, and
/// removed at the front when acknowledged. A record that does not fit is refused. On request, sent records
/// that were not acknowledged are dropped first.
struct RecordStore {
  /// Records within one chunk.
  private struct Segment {
    var chunk: Chunk
    /// The source id in the headers of its records.
    let source: UInt32
    var filled = 0
    var sent = 0
    /// The highest value of `sent` so far: records before it are sent again.
    var everSent = 0
    var firstSequence: UInt64
    var lastSequence: UInt64
  }

  private var segments: [Segment] = []
  /// The first segment with unsent records; the count of segments if there is none.
  private var next = 0
  private let limit: Int
  private let segmentCapacity: Int
  private var capacity = 0
  /// The id that records get from now on.
  private var source: UInt32 = 0
  /// Address of the next record in the last segment, and the bytes free there.
  private var end: UnsafeMutableRawPointer?
  private var room = 0

  /// Bytes that count against the limit: records, or with more than two segments the capacity of their
  /// chunks.
  var occupiedCount: Int { segments.count > 2 ? capacity : heldCount }

  /// Bytes of records held, sent or not.
  private(set) var heldCount = 0

  /// Bytes of records held and not taken for sending.
  private(set) var unsentCount = 0

  init(limit: Int, segmentCapacity: Int = 256 << 10) {
    self.limit = limit
    self.segmentCapacity = segmentCapacity
  }

  /// The sequence number of the oldest record held; nil if there is none.
  var oldestSequence: UInt64? { segments.first?.firstSequence }

  /// Whether every record appended has been acknowledged or dropped.
  var isEmpty: Bool { segments.isEmpty }

  /// Appends a record; `write` gets room for `count` bytes.
  ///
  /// - Parameter givesWay: whether sent records that were not acknowledged may be dropped to make room;
  ///   evaluated only if there is none.
  /// - Returns: false if the record does not fit.
  mutating func append(
    sequence: UInt64,
    count: Int,
    givesWay: @autoclosure () -> Bool,
    write: (UnsafeMutableRawPointer) -> Void
  ) -> Bool {
    if count > room {
      let needed = max(segmentCapacity, count)
      while capacity + needed > limit, let first = segments.first, first.sent == first.filled, givesWay() {
        dropFirst()
      }
      guard capacity + needed <= limit || segments.isEmpty else { return false }
      segments.append(
        Segment(
          chunk: Chunk(capacity: needed),
          source: source,
          firstSequence: sequence,
          lastSequence: sequence
        )
      )
      capacity += needed
      findEnd()
    }
    let last = segments.count - 1
    next = min(next, last)
    write(end!)
    end! += count
    room -= count
    segments[last].filled += count
    segments[last].lastSequence = sequence
    heldCount += count
    unsentCount += count
    return true
  }

  /// Takes about `maximum` bytes of whole records for sending, in one slice; nil if there are none.
  ///
  /// Records that were sent before get the flag for that, and all get the current id: in place, or in a copy
  /// while the chunk is still referenced.
  mutating func takeUnsent(maximum: Int) -> ChunkSlice? {
    while next < segments.count, segments[next].sent == segments[next].filled { next += 1 }
    guard next < segments.count else { return nil }
    let isAlone = isKnownUniquelyReferenced(&segments[next].chunk)
    let segment = segments[next]
    let start = segment.sent
    var end = start
    if segment.filled - start <= maximum {
      end = segment.filled
    } else {
      forEachRecord(in: segment, from: start) { header, offset in
        guard end == start || end - start < maximum else { return false }
        end = offset + header.recordCount
        return true
      }
    }
    segments[next].sent = end
    segments[next].everSent = max(segment.everSent, end)
    unsentCount -= end - start
    let slice = ChunkSlice(segment.chunk, start..<end)
    guard start < segment.everSent || segment.source != source else { return slice }
    return marked(segment, isAlone ? slice : copy(slice))
  }

  /// Removes all sent records up to `sequence`, one whole segment at a time.
  mutating func acknowledge(_ sequence: UInt64) {
    while let first = segments.first, first.lastSequence <= sequence, first.sent == first.filled {
      dropFirst()
    }
  }

  /// Moves the sending position to the first record held after `sequence`. From now on all records get
  /// `source` as their id, and those sent before also a flag.
  mutating func rewind(after sequence: UInt64, source: UInt32) {
    self.source = source
    next = 0
    for index in segments.indices {
      let segment = segments[index]
      var start = segment.filled
      if segment.firstSequence > sequence {
        start = 0
      } else if segment.lastSequence > sequence {
        forEachRecord(in: segment, from: 0) { header, offset in
          start = offset
          return header.sequence <= sequence
        }
      }
      unsentCount += segment.sent - start
      segments[index].sent = start
    }
    findEnd()
  }

  /// Rewrites the headers of records of a segment, or of a copy, with the current id and flag.
  private func marked(_ segment: Segment, _ records: ChunkSlice) -> ChunkSlice {
    let start = segment.sent
    forEachRecord(in: segment, from: start) { header, offset in
      guard offset < start + records.range.count else { return false }
      var header = header
      header.source = source
      if offset < segment.everSent { header.flags.insert(.resent) }
      header.write(to: records.chunk.base + records.range.lowerBound + (offset - start))
      return true
    }
    return records
  }

  private func copy(_ slice: ChunkSlice) -> ChunkSlice {
    let copy = Chunk(capacity: slice.range.count)
    memcpy(copy.base, slice.chunk.base + slice.range.lowerBound, slice.range.count)
    return ChunkSlice(copy, 0..<slice.range.count)
  }

  private mutating func findEnd() {
    guard let last = segments.last, last.source == source else { return (end, room) = (nil, 0) }
    end = last.chunk.base + last.filled
    room = last.chunk.capacity - last.filled
  }

  private mutating func dropFirst() {
    capacity -= segments[0].chunk.capacity
    heldCount -= segments[0].filled
    segments.removeFirst()
    next = max(0, next - 1)
    if segments.isEmpty { findEnd() }
  }

  private func forEachRecord(
    in segment: Segment,
    from start: Int,
    _ body: (RecordHeader, Int) -> Bool
  ) {
    var offset = start
    while offset < segment.filled {
      let header = RecordHeader(checked: segment.chunk.bytes(offset..<segment.filled))
      guard body(header, offset) else { return }
      offset += header.recordCount
    }
  }
}
