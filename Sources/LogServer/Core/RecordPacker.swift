import EventLoop

/// Writes records one behind the other into chunks of a pool, and hands on what lies together in one piece.
struct RecordPacker {
  private let pool: ChunkPool
  private var chunk: Chunk?
  /// Where in the chunk what was not handed on begins.
  private var start = 0
  private var filled = 0

  init(pool: ChunkPool) { self.pool = pool }

  /// Begins behind what was handed on, or at the start of the chunk if nobody looks at that any more.
  mutating func begin() {
    if isKnownUniquelyReferenced(&chunk) { filled = 0 }
    start = filled
  }

  /// Where to write the next `count` bytes. If they do not fit behind the others, those are handed on first.
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

  /// Hands on what was written.
  mutating func flush(_ pass: (ChunkSlice) -> Void) {
    guard let chunk, filled > start else { return }
    pass(ChunkSlice(chunk, start..<filled))
    start = filled
  }

  /// Hands on what was written, and lets go of a chunk that is larger than usual.
  mutating func end(_ pass: (ChunkSlice) -> Void) {
    flush(pass)
    if let chunk, chunk.capacity > pool.chunkCapacity { self.chunk = nil }
  }
}
