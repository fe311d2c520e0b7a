import Glibc

/// The bytes read from a stream and not yet consumed, always contiguous.
///
/// An empty buffer holds no memory, unless a slice of its chunk is still in use. Then the buffer fills the
/// rest of that chunk (all but an eighth) before it begins another, so that many small slices do not keep a
/// chunk each. A small remainder is parked in memory of its own size, so that a connection stuck in the
/// middle of a message does not hold a whole chunk.
struct ReadBuffer {
  private var chunk: Chunk?
  private var consumed = 0
  private var filled = 0
  private let pool: ChunkPool

  static let parkingLimit = 4 << 10

  init(pool: ChunkPool) { self.pool = pool }

  var count: Int { filled - consumed }

  /// Capacity in bytes of the memory that holds the unconsumed bytes; 0 if there are none.
  var heldCount: Int { filled > consumed ? chunk?.capacity ?? 0 : 0 }

  /// The unconsumed bytes; nil if there are none.
  var slice: ChunkSlice? {
    guard let chunk, filled > consumed else { return nil }
    return ChunkSlice(chunk, consumed..<filled)
  }

  /// Returns room for at least one more byte.
  ///
  /// Memory at most doubles at each call: the sender's claim is believed only as its bytes arrive.
  ///
  /// - Parameter expected: number of unconsumed bytes that the sender has announced.
  mutating func room(expected: Int) -> UnsafeMutableRawBufferPointer {
    let unread = count
    let wanted = max(pool.chunkCapacity, min(expected, unread * 2))
    let isLittle = unread <= Self.parkingLimit
    // Overwrite consumed bytes if nobody else uses them: that memory is still in the processor's cache.
    if isLittle, consumed > 0, isKnownUniquelyReferenced(&chunk), let current = chunk {
      memmove(current.base, current.base + consumed, unread)
      consumed = 0
      filled = unread
    }
    if let current = chunk, current.capacity >= pool.chunkCapacity,
      current.capacity - filled > (isLittle ? current.capacity / 8 : 0),
      current.capacity - consumed >= min(max(expected, unread + 1), wanted)
    {
      return free(of: current)
    }
    let larger = pool.lend(wanted)
    if let current = chunk, unread > 0 {
      memcpy(larger.base, current.base + consumed, unread)
    }
    chunk = larger
    consumed = 0
    filled = unread
    return free(of: larger)
  }

  mutating func fill(_ count: Int) { filled += count }

  mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count)
    consumed += count
  }

  /// Moves a small remainder to memory of its own size and returns the chunk, if nobody else uses it.
  mutating func park() {
    guard count <= Self.parkingLimit, isKnownUniquelyReferenced(&chunk) else { return }
    guard count > 0 else { return clear() }
    guard let current = chunk, current.capacity >= pool.chunkCapacity else { return }
    let small = Chunk(capacity: count)
    memcpy(small.base, current.base + consumed, count)
    filled = count
    consumed = 0
    chunk = small
  }

  mutating func clear() {
    chunk = nil
    consumed = 0
    filled = 0
  }

  private func free(of chunk: Chunk) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: chunk.base + filled, count: chunk.capacity - filled)
  }
}
