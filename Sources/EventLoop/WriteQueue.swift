import Bytes
import Glibc

/// Bytes waiting to be written to a descriptor, in order: slices of chunks shared with others, and
/// copies in chunks of its own.
public struct WriteQueue {
  // What was written is nil: a chunk must not be kept because others behind it are.
  private var slices: [ChunkSlice?] = []
  private var head = 0
  private var tail: Chunk?
  /// Bytes left in our own chunk, where the last slice is its, and where they begin.
  private var tailRoom = 0
  private var tailEnd: UnsafeMutableRawPointer?
  private let pool: ChunkPool

  /// How many runs of slices of the same chunk there are of each chunk, the first run left out: where two streams come
  /// in turns, so do their chunks.
  private var runs: [ObjectIdentifier: Int] = [:]

  /// Bytes of a queue's own chunks, each twice what waits then: the least, and the most. A queue for which more waits
  /// borrows chunks of the pool.
  private static let littleCount = (least: 512, most: 32 << 10)

  /// How many bytes wait.
  public private(set) var count = 0

  /// How many bytes the chunks have that what waits keeps alive, each counted once, and those kept for many not at all.
  public private(set) var heldCount = 0

  /// Creates an empty queue that copies into chunks of `pool`.
  public init(pool: ChunkPool) { self.pool = pool }

  /// Queues bytes by reference; they are not copied.
  public mutating func append(_ slice: ChunkSlice) {
    guard !slice.range.isEmpty else { return }
    tailRoom = 0
    count += slice.range.count
    if slices.count > head, let last = slices[slices.count - 1], last.chunk === slice.chunk {
      if last.range.upperBound == slice.range.lowerBound {
        slices[slices.count - 1]?.range = last.range.lowerBound..<slice.range.upperBound
        return
      }
    } else {
      beginRun(of: slice.chunk)
    }
    slices.append(slice)
  }

  /// Queues a copy of bytes.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if tailRoom > 0, bytes.count <= tailRoom, let tailEnd, let source = bytes.baseAddress {
      memcpy(tailEnd, source, bytes.count)
      extendTail(bytes.count)
      return
    }
    var rest = bytes
    while let source = rest.baseAddress, !rest.isEmpty {
      // A chunk of our own may be appended to only while its last slice is ours and still queued.
      var chunk: Chunk
      var start: Int
      if let tail, slices.count > head, let last = slices[slices.count - 1], last.chunk === tail,
        last.range.upperBound < tail.capacity
      {
        chunk = tail
        start = last.range.upperBound
      } else {
        // Where thousands have a few bytes each waiting, a whole chunk for each would be much.
        let wanted = max(2 * (count + rest.count), Self.littleCount.least)
        chunk = wanted <= Self.littleCount.most ? Chunk(capacity: wanted) : pool.lend(rest.count)
        start = 0
        tail = chunk
      }
      let length = min(rest.count, chunk.capacity - start)
      memcpy(chunk.base + start, source, length)
      append(ChunkSlice(chunk, start..<start + length))
      tailRoom = chunk.capacity - start - length
      tailEnd = chunk.base + start + length
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
    }
  }

  private mutating func extendTail(_ length: Int) {
    let last = slices.count - 1
    slices[last]!.range = slices[last]!.range.lowerBound..<slices[last]!.range.upperBound + length
    tailRoom -= length
    tailEnd? += length
    count += length
  }

  /// Writes as much as the descriptor takes now; returns how many bytes that was, and throws what ended
  /// the writing where that was not a full descriptor.
  ///
  /// - Parameter limit: most bytes.
  public mutating func write(to descriptor: Int32, limit: Int = .max) throws(IOError) -> Int {
    var total = 0
    while count > 0, total < limit {
      let written = writeSome(to: descriptor, limit: limit - total)
      if written < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN || errno == EWOULDBLOCK { break }
        throw IOError("write", call: .write)
      }
      drop(written)
      total += written
    }
    return total
  }

  /// Forgets everything.
  public mutating func clear() {
    slices = []
    head = 0
    tail = nil
    tailRoom = 0
    count = 0
    heldCount = 0
    runs = [:]
  }

  /// A copy of some of what waits.
  ///
  /// - Parameter range: where, from the first byte that waits.
  public func bytes(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    var start = 0
    for case let slice? in slices[head...] {
      let here = range.clamped(to: start..<start + slice.range.count)
      if !here.isEmpty { bytes += slice.bytes[here.lowerBound - start..<here.upperBound - start] }
      start += slice.range.count
    }
    return bytes
  }

  /// Forgets what waits but for the first `kept` bytes.
  public mutating func truncate(to kept: Int) {
    while count > kept, let last = slices[slices.count - 1] {
      let excess = count - kept
      guard last.range.count <= excess else {
        slices[slices.count - 1]?.range = last.range.lowerBound..<last.range.upperBound - excess
        count = kept
        break
      }
      slices.removeLast()
      count -= last.range.count
      if slices.count == head || slices[slices.count - 1]?.chunk !== last.chunk { endLastRun(of: last.chunk) }
    }
    // Somebody else may have seen what was there.
    tail = nil
    tailRoom = 0
    compact()
  }

  private func writeSome(to descriptor: Int32, limit: Int) -> Int {
    if slices.count == head + 1 || slices[head]!.range.count >= limit, let only = slices[head] {
      return Glibc.write(descriptor, only.chunk.base + only.range.lowerBound, min(only.range.count, limit))
    }
    return writeMany(to: descriptor, limit: limit)
  }

  private func writeMany(to descriptor: Int32, limit: Int) -> Int {
    withUnsafeTemporaryAllocation(of: iovec.self, capacity: 64) { vectors in
      var used = 0
      var rest = limit
      for case let slice? in slices[head...].prefix(64) where rest > 0 {
        let length = min(slice.range.count, rest)
        vectors[used] = iovec(iov_base: slice.chunk.base + slice.range.lowerBound, iov_len: length)
        used += 1
        rest -= length
      }
      return writev(descriptor, vectors.baseAddress, Int32(used))
    }
  }

  private mutating func drop(_ written: Int) {
    count -= written
    var rest = written
    while rest > 0, let slice = slices[head] {
      guard rest >= slice.range.count else {
        slices[head]?.range = slice.range.lowerBound + rest..<slice.range.upperBound
        break
      }
      rest -= slice.range.count
      slices[head] = nil
      head += 1
      if head == slices.count || slices[head]?.chunk !== slice.chunk { endFirstRun(of: slice.chunk) }
    }
    compact()
  }

  private mutating func beginRun(of chunk: Chunk) {
    guard slices.count > head, let first = slices[head] else {
      heldCount += chunk.charge
      return
    }
    let others = runs[ObjectIdentifier(chunk), default: 0]
    runs[ObjectIdentifier(chunk)] = others + 1
    if others == 0, first.chunk !== chunk { heldCount += chunk.charge }
  }

  private mutating func endFirstRun(of chunk: Chunk) {
    if runs[ObjectIdentifier(chunk)] == nil { heldCount -= chunk.charge }
    // The next run is the first now.
    if head < slices.count, let next = slices[head] { _ = forgetRun(of: next.chunk) }
  }

  private mutating func endLastRun(of chunk: Chunk) {
    guard slices.count > head, let first = slices[head] else {
      heldCount -= chunk.charge
      return
    }
    if forgetRun(of: chunk), first.chunk !== chunk { heldCount -= chunk.charge }
  }

  /// Counts one run less; returns whether there is no other but perhaps the first.
  private mutating func forgetRun(of chunk: Chunk) -> Bool {
    let others = runs[ObjectIdentifier(chunk), default: 1] - 1
    runs[ObjectIdentifier(chunk)] = others > 0 ? others : nil
    return others <= 0
  }

  private mutating func compact() {
    if head == slices.count {
      slices.removeAll(keepingCapacity: slices.count <= 64)
      if runs.capacity > 64 { runs = [:] }
      head = 0
      tail = nil
      tailRoom = 0
    } else if head > 64, head > slices.count / 2 {
      slices.removeFirst(head)
      head = 0
    }
  }
}
