import Glibc

/// A block of memory that is filled once and then only read, by any number of readers.
///
/// The writer of a chunk only appends, so a slice of filled bytes never changes.
public final class Chunk {
  /// The first byte.
  public let base: UnsafeMutableRawPointer

  /// Capacity in bytes.
  public let capacity: Int

  /// Whether the pool counts this chunk once for all of its users.
  private let isShared: Bool

  private let pool: ChunkPool?

  fileprivate init(base: UnsafeMutableRawPointer, capacity: Int, pool: ChunkPool?) {
    self.base = base
    self.capacity = capacity
    self.pool = pool
    isShared = pool?.isShared ?? false
  }

  /// Allocates a chunk of `capacity` bytes outside any pool.
  public convenience init(capacity: Int) {
    guard let base = malloc(max(capacity, 1)) else { fatalError("out of memory for \(capacity) bytes") }
    self.init(base: base, capacity: capacity, pool: nil)
  }

  /// Number of bytes that each user of the chunk counts; 0 if the pool counts it.
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

/// A range of a chunk's bytes. It keeps the chunk alive.
public struct ChunkSlice {
  /// The chunk.
  public let chunk: Chunk

  /// Offsets within the chunk.
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

/// Lends chunks and reuses them, so that idle users hold no buffer and busy users allocate none.
///
/// A pool that returns memory maps each chunk from the system and unmaps it after use, except for a few
/// spares. Unlent memory is then not part of the process, whatever the order and sizes of returned chunks.
public final class ChunkPool {
  /// Capacity in bytes of a chunk of the usual size.
  public let chunkCapacity: Int

  /// Whether chunks beyond the spares return to the system at once.
  public let returnsMemory: Bool

  /// Whether each chunk has many users at once. The pool then counts it (`lentCount`), and the queues that
  /// keep it alive do not.
  public let isShared: Bool

  /// Bytes lent out now.
  public private(set) var lentCount = 0

  /// Bytes of unused chunks kept for reuse.
  public private(set) var spareCount = 0

  /// Most bytes of spares above the usual size, in a pool that returns memory.
  private static let largeSpareLimit = 8 << 20

  /// Number of chunk sizes in such a pool; each is twice the one before. A larger chunk is used once.
  private static let sizeCount = 8

  private let spareLimit: Int
  private var largeSpareCount = 0
  /// Spares by size, the usual size first.
  private var spares: [[UnsafeMutableRawPointer]]

  /// Creates a pool that keeps at most `spareLimit` unused chunks of the usual size.
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

  /// Lends a chunk. It returns to the pool when its last reference goes.
  ///
  /// The pool lends the most recently returned chunk first: it is likely still in the processor's cache.
  ///
  /// - Parameter minimum: required capacity in bytes. A chunk above the usual size may have up to twice as
  ///   much.
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

  /// Index of the smallest kept size that holds `minimum` bytes; nil if none does.
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
    // munmap fails if the system cannot record a hole between mappings. Then at least release the pages.
    if munmap(base, capacity) != 0 { madvise(base, capacity, MADV_DONTNEED) }
  }
}
