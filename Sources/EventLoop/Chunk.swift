import Glibc

/// A piece of memory that bytes are read into once and then only looked at, by as many as like.
///
/// Whoever fills a chunk only ever appends to it, so a slice of what is filled never changes.
public final class Chunk {
  /// The first byte.
  public let base: UnsafeMutableRawPointer

  /// How many bytes fit.
  public let capacity: Int

  /// Whether its pool counts it, for all who keep it alive.
  private let isShared: Bool

  private let pool: ChunkPool?

  fileprivate init(base: UnsafeMutableRawPointer, capacity: Int, pool: ChunkPool?) {
    self.base = base
    self.capacity = capacity
    self.pool = pool
    isShared = pool?.isShared ?? false
  }

  /// Allocates a chunk of its own for `capacity` bytes, outside any pool.
  public convenience init(capacity: Int) {
    guard let base = malloc(max(capacity, 1)) else { fatalError("out of memory for \(capacity) bytes") }
    self.init(base: base, capacity: capacity, pool: nil)
  }

  /// How many bytes of memory it counts as, for each who keeps it alive.
  var charge: Int { isShared ? 0 : capacity }

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

/// Chunks lent out and taken back, so that what is idle holds no buffer and what is busy allocates none.
///
/// A pool that returns memory takes each chunk from the system and returns it there, but for a few spares: memory that
/// is not lent out is then no part of the process, in whatever order and sizes chunks came back.
public final class ChunkPool {
  /// Capacity in bytes of a usual chunk.
  public let chunkCapacity: Int

  /// Whether chunks beyond the spares go back to the system at once.
  public let returnsMemory: Bool

  /// Whether chunks are kept for many at once: the pool counts them (`lentCount`), and each queue that keeps one alive
  /// does not.
  public let isShared: Bool

  /// Bytes of memory that is lent out now.
  public private(set) var lentCount = 0

  /// Bytes of unused chunks that are kept for later.
  public private(set) var spareCount = 0

  /// Most bytes of larger chunks that a pool which returns memory keeps.
  private static let largeSpareLimit = 8 << 20

  /// How many sizes of chunk such a pool has, each twice the one before; larger chunks are made for one use.
  private static let sizeCount = 8

  private let spareLimit: Int
  private var largeSpareCount = 0
  /// By size, those of the usual size first.
  private var spares: [[UnsafeMutableRawPointer]]

  /// Creates a pool that keeps at most `spareLimit` unused chunks of the usual size for later.
  public init(
    chunkCapacity: Int = 64 << 10,
    spareLimit: Int = 64,
    returnsMemory: Bool = false,
    isShared: Bool = false
  ) {
    self.chunkCapacity = chunkCapacity
    self.isShared = isShared
    self.spareLimit = spareLimit
    self.returnsMemory = returnsMemory
    spares = Array(repeating: [], count: returnsMemory ? Self.sizeCount : 1)
  }

  deinit {
    for (size, spares) in spares.enumerated() {
      for spare in spares { release(spare, chunkCapacity << size) }
    }
  }

  /// Lends a chunk; it comes back by itself when its last reference goes. The one that came back last goes first,
  /// so that it is likely still in the processor's cache.
  ///
  /// - Parameter minimum: how many bytes it must hold. Beyond the usual size it may hold up to twice as many.
  public func lend(_ minimum: Int = 0) -> Chunk {
    let size = size(for: minimum)
    let capacity = size.map { chunkCapacity << $0 } ?? minimum
    lentCount += capacity
    if let size, let spare = spares[size].popLast() {
      spareCount -= capacity
      if size > 0 { largeSpareCount -= capacity }
      return Chunk(base: spare, capacity: capacity, pool: self)
    }
    guard let base = allocate(capacity) else { fatalError("out of memory for \(capacity) bytes") }
    return Chunk(base: base, capacity: capacity, pool: self)
  }

  /// Which of the sizes that are kept holds so many bytes; nil if none does.
  private func size(for minimum: Int) -> Int? {
    guard minimum > chunkCapacity else { return 0 }
    return (1..<max(1, spares.count)).first { chunkCapacity << $0 >= minimum }
  }

  fileprivate func takeBack(_ base: UnsafeMutableRawPointer, _ capacity: Int) {
    lentCount -= capacity
    guard let size = size(for: capacity), chunkCapacity << size == capacity,
      size == 0 ? spares[0].count < spareLimit : largeSpareCount + capacity <= Self.largeSpareLimit
    else { return release(base, capacity) }
    spareCount += capacity
    if size > 0 { largeSpareCount += capacity }
    spares[size].append(base)
  }

  private func allocate(_ capacity: Int) -> UnsafeMutableRawPointer? {
    guard returnsMemory else { return malloc(capacity) }
    let base = mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return base == MAP_FAILED ? nil : base
  }

  private func release(_ base: UnsafeMutableRawPointer, _ capacity: Int) {
    guard returnsMemory else { return free(base) }
    // The system may have no room to note a hole among mappings; then at least its pages go.
    if munmap(base, capacity) != 0 { madvise(base, capacity, MADV_DONTNEED) }
  }
}
