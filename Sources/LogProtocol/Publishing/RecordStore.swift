import EventLoop
import Glibc

/// The records of a source that the log server has not acknowledged, in order, within a bound.
///
/// It knows no socket: records go in at the end, are taken for sending at a position in the middle, and
/// leave at the front when acknowledged. What does not fit is refused and counted; what was sent but not
/// acknowledged gives way to what was not sent.
struct RecordStore {
  /// Records within one chunk.
  private struct Segment {
    var chunk: Chunk
    var filled = 0
    var sent = 0
    var firstSequence: UInt64
    var lastSequence: UInt64
  }

  private var segments: [Segment] = []
  private let limit: Int
  private let segmentCapacity: Int
  private var heldCount = 0
  /// Where the next record goes in the last segment, and how much fits there.
  private var end: UnsafeMutableRawPointer?
  private var room = 0

  /// Bytes held and not taken for sending.
  private(set) var unsentCount = 0

  init(limit: Int, segmentCapacity: Int = 256 << 10) {
    self.limit = limit
    self.segmentCapacity = segmentCapacity
  }

  /// The sequence of the oldest record held; nil where none is.
  var oldestSequence: UInt64? { segments.first?.firstSequence }

  /// Whether every record put in has been acknowledged.
  var isEmpty: Bool { segments.isEmpty }

  /// Adds a record; `write` gets room for `count` bytes. False where it does not fit.
  mutating func append(sequence: UInt64, count: Int, write: (UnsafeMutableRawPointer) -> Void) -> Bool {
    if count > room {
      let capacity = max(segmentCapacity, count)
      while heldCount + capacity > limit, let first = segments.first, first.sent == first.filled {
        dropFirst()
      }
      guard heldCount + capacity <= limit || segments.isEmpty else { return false }
      segments.append(
        Segment(chunk: Chunk(capacity: capacity), firstSequence: sequence, lastSequence: sequence)
      )
      heldCount += capacity
      findEnd()
    }
    let last = segments.count - 1
    write(end!)
    end! += count
    room -= count
    segments[last].filled += count
    segments[last].lastSequence = sequence
    unsentCount += count
    return true
  }

  /// Takes about `maximum` bytes of whole records for sending, in one piece; nil where nothing is left.
  mutating func takeUnsent(maximum: Int) -> ChunkSlice? {
    guard let index = segments.firstIndex(where: { $0.sent < $0.filled }) else { return nil }
    let start = segments[index].sent
    var end = start
    if segments[index].filled - start <= maximum {
      end = segments[index].filled
    } else {
      forEachRecord(in: segments[index], from: start) { header, offset in
        guard end == start || end - start < maximum else { return false }
        end = offset + header.recordCount
        return true
      }
    }
    segments[index].sent = end
    unsentCount -= end - start
    return ChunkSlice(segments[index].chunk, start..<end)
  }

  /// Forgets all records up to `sequence` that were sent, a segment at a time.
  mutating func acknowledge(_ sequence: UInt64) {
    while let first = segments.first, first.lastSequence <= sequence, first.sent == first.filled {
      dropFirst()
    }
  }

  /// Goes back so that the next record taken is the first after `sequence` that is held; those sent before
  /// are marked as sent again, and all get `source`.
  ///
  /// The marks go into copies: what was taken for sending before is not touched.
  mutating func rewind(after sequence: UInt64, source: UInt32) {
    for index in segments.indices {
      let segment = segments[index]
      let copy = Chunk(capacity: segment.chunk.capacity)
      memcpy(copy.base, segment.chunk.base, segment.filled)
      var start = segment.filled
      forEachRecord(in: segment, from: 0) { header, offset in
        var header = header
        header.source = source
        if header.sequence > sequence {
          start = min(start, offset)
          if offset < segment.sent { header.flags.insert(.resent) }
        }
        header.write(to: copy.base + offset)
        return true
      }
      unsentCount += segment.sent - start
      segments[index].chunk = copy
      segments[index].sent = start
    }
    findEnd()
  }

  private mutating func findEnd() {
    end = segments.last.map { $0.chunk.base + $0.filled }
    room = segments.last.map { $0.chunk.capacity - $0.filled } ?? 0
  }

  private mutating func dropFirst() {
    heldCount -= segments[0].chunk.capacity
    segments.removeFirst()
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
