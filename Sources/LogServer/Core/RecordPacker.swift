import EventLoop

/// Writes records one after another into chunks of a pool, and passes on adjacent ones in one slice.
struct RecordPacker {
  private let pool: ChunkPool
  private var chunk: Chunk?
  /// Offset in the chunk of the first byte that was not passed on.
  private var start = 0
  private var filled = 0

  init(pool: ChunkPool) { self.pool = pool }

  /// Starts after the bytes passed on, or at the start of the chunk if nobody references it any more.
  mutating func begin() {
    if isKnownUniquelyReferenced(&chunk) { filled = 0 }
    start = filled
  }

  /// Returns the place for the next `count` bytes. If they do not fit into the chunk, passes on the earlier
  /// bytes first.
  mutating func room(_ count: Int, _ pass: (ChunkSlice) -> Void) -> UnsafeMutableRawPointer {
    defer { filled += count }
    if let chunk, chunk.capacity - filled >= count { return chunk.base + filled }
    flush(pass)
    let next = pool.lend(count)
    chunk = next
    filled = 0
    start = 0
    return next.base
  }

  /// Passes on the bytes written so far.
  mutating func flush(_ pass: (ChunkSlice) -> Void) {
    guard let chunk, filled > start else { return }
    pass(ChunkSlice(chunk, start..<filled))
    start = filled
  }

  /// Passes on the bytes written so far, and releases a chunk that is larger than usual.
  mutating func end(_ pass: (ChunkSlice) -> Void) {
    flush(pass)
    if let chunk, chunk.capacity > pool.chunkCapacity { self.chunk = nil }
  }
}
