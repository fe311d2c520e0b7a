import Glibc

/// A piece of memory that bytes are read into once and then only looked at, by as many as like.
///
/// Whoever fills a chunk only ever appends to it, so a slice of what is filled never changes.
public final class Chunk {
  /// The first byte.
  public let base: UnsafeMutableRawPointer

  /// How many bytes fit.
  public let capacity: Int

  private let pool: ChunkPool?

  fileprivate init(base: UnsafeMutableRawPointer, capacity: Int, pool: ChunkPool?) {
    self.base = base
    self.capacity = capacity
    self.pool = pool
  }

  /// Allocates a chunk of its own for `capacity` bytes, outside any pool.
  public convenience init(capacity: Int) {
    guard let base = malloc(max(capacity, 1)) else { fatalError("out of memory for \(capacity) bytes") }
    self.init(base: base, capacity: capacity, pool: nil)
  }

  deinit {
    if let pool { pool.takeBack(base, capacity) } else { free(base) }
  }

  /// The bytes of `range`, valid while the chunk is referenced.
  @inlinable
  public func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }
}

/// Bytes of a chunk, keeping it alive.
public struct ChunkSlice {
  /// The chunk.
  public let chunk: Chunk

  /// Where in the chunk.
  public var range: Range<Int>

  /// Creates a slice of `chunk`.
  @inlinable
  public init(_ chunk: Chunk, _ range: Range<Int>) {
    self.chunk = chunk
    self.range = range
  }

  /// The bytes, valid while the slice is kept.
  @inlinable public var bytes: UnsafeRawBufferPointer { chunk.bytes(range) }
}

/// Chunks of one size, lent out and taken back, so that what is idle holds no buffer and what is busy
/// allocates none.
public final class ChunkPool {
  /// Capacity in bytes of each chunk.
  public let chunkCapacity: Int

  /// Bytes of memory that is lent out now.
  public private(set) var lentCount = 0

  private let spareLimit: Int
  private var spares: [UnsafeMutableRawPointer] = []

  /// Creates a pool that keeps at most `spareLimit` unused chunks for later.
  public init(chunkCapacity: Int = 64 << 10, spareLimit: Int = 64) {
    self.chunkCapacity = chunkCapacity
    self.spareLimit = spareLimit
  }

  deinit { for spare in spares { free(spare) } }

  /// Lends a chunk; it comes back by itself when its last reference goes. The one that came back last goes first,
  /// so that it is likely still in the processor's cache.
  ///
  /// - Parameter minimum: how many bytes it must hold; one beyond the usual size is made for this once.
  public func lend(_ minimum: Int = 0) -> Chunk {
    let capacity = max(chunkCapacity, minimum)
    lentCount += capacity
    if capacity == chunkCapacity, let spare = spares.popLast() {
      return Chunk(base: spare, capacity: capacity, pool: self)
    }
    guard let base = malloc(capacity) else { fatalError("out of memory for \(capacity) bytes") }
    return Chunk(base: base, capacity: capacity, pool: self)
  }

  fileprivate func takeBack(_ base: UnsafeMutableRawPointer, _ capacity: Int) {
    lentCount -= capacity
    if capacity == chunkCapacity, spares.count < spareLimit { spares.append(base) } else { free(base) }
  }
}
