import Bytes
import Glibc

/// Bytes waiting to be written to a descriptor, in order: slices of shared chunks, and copies in chunks of
/// the queue's own.
public struct WriteQueue {
  // Written slices become nil: they must not keep their chunk alive while later slices wait.
  private var slices: [ChunkSlice?] = []
  private var head = 0
  private var tail: Chunk?
  /// Bytes left in the queue's own chunk, if the last slice is of that chunk, and the address of the first of
  /// them.
  private var tailRoom = 0
  private var tailEnd: UnsafeMutableRawPointer?
  private let pool: ChunkPool

  /// Number of runs of slices of each chunk, without the first run of the queue. Two interleaved streams
  /// interleave their chunks, so a chunk may have several runs.
  private var runs: [ObjectIdentifier: Int] = [:]

  /// Least and greatest size in bytes of a chunk of the queue's own. Its size is twice the number of bytes
  /// waiting when it is made. If that exceeds the greatest size, the queue borrows a chunk of the pool.
  private static let littleCount = (least: 512, most: 32 << 10)

  /// Number of bytes waiting.
  public private(set) var count = 0

  /// Total capacity in bytes of the chunks that waiting bytes keep alive. Each chunk counts once, chunks of a
  /// shared pool not at all.
  public private(set) var heldCount = 0

  /// Creates an empty queue that copies into chunks of `pool`.
  public init(pool: ChunkPool) { self.pool = pool }

  /// Enqueues bytes by reference, without a copy.
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

  /// Enqueues a copy of the bytes.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if tailRoom > 0, bytes.count <= tailRoom, let tailEnd, let source = bytes.baseAddress {
      memcpy(tailEnd, source, bytes.count)
      extendTail(bytes.count)
      return
    }
    var rest = bytes
    while let source = rest.baseAddress, !rest.isEmpty {
      // Append to our own chunk only while its last slice is ours and still queued.
      var chunk: Chunk
      var start: Int
      if let tail, slices.count > head, let last = slices[slices.count - 1], last.chunk === tail,
        last.range.upperBound < tail.capacity
      {
        chunk = tail
        start = last.range.upperBound
      } else {
        // If thousands of queues have a few bytes each, a whole chunk for each would be too much.
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

  /// Writes as many bytes as the descriptor accepts now; returns their number.
  ///
  /// - Parameter limit: most bytes to write.
  /// - Throws: `IOError` if a write fails for any other reason than a full descriptor.
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

  /// Drops all bytes.
  public mutating func clear() {
    slices = []
    head = 0
    tail = nil
    tailRoom = 0
    count = 0
    heldCount = 0
    runs = [:]
  }

  /// Copies some of the waiting bytes.
  ///
  /// - Parameter range: offsets from the first waiting byte.
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

  /// Drops all waiting bytes but the first `kept`.
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
    // Another owner may hold a slice of the bytes after the cut.
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
    // The next run is the first now, and the first is not counted.
    if head < slices.count, let next = slices[head] { _ = forgetRun(of: next.chunk) }
  }

  private mutating func endLastRun(of chunk: Chunk) {
    guard slices.count > head, let first = slices[head] else {
      heldCount -= chunk.charge
      return
    }
    if forgetRun(of: chunk), first.chunk !== chunk { heldCount -= chunk.charge }
  }

  /// Counts one run fewer; returns whether no run is left, besides perhaps the first.
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
