import Bytes
import Glibc

/// Bytes waiting to be written to a descriptor, in order: slices of chunks shared with others, and
/// copies in chunks of its own.
public struct WriteQueue {
  private var slices: [ChunkSlice] = []
  private var head = 0
  private var tail: Chunk?
  private let pool: ChunkPool

  /// How many bytes wait.
  public private(set) var count = 0

  /// Creates an empty queue that copies into chunks of `pool`.
  public init(pool: ChunkPool) { self.pool = pool }

  /// Queues bytes by reference; they are not copied.
  public mutating func append(_ slice: ChunkSlice) {
    guard !slice.range.isEmpty else { return }
    count += slice.range.count
    if slices.count > head {
      let last = slices.count - 1
      if slices[last].chunk === slice.chunk, slices[last].range.upperBound == slice.range.lowerBound {
        slices[last].range = slices[last].range.lowerBound..<slice.range.upperBound
        return
      }
    }
    slices.append(slice)
  }

  /// Queues a copy of bytes.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while let source = rest.baseAddress, !rest.isEmpty {
      // A chunk of our own may be appended to only while its last slice is ours and still queued.
      var chunk: Chunk
      var start: Int
      if let tail, slices.count > head, slices[slices.count - 1].chunk === tail,
        slices[slices.count - 1].range.upperBound < tail.capacity
      {
        chunk = tail
        start = slices[slices.count - 1].range.upperBound
      } else {
        chunk = rest.count > pool.chunkCapacity ? Chunk(capacity: rest.count) : pool.lend()
        start = 0
        tail = chunk
      }
      let length = min(rest.count, chunk.capacity - start)
      memcpy(chunk.base + start, source, length)
      append(ChunkSlice(chunk, start..<start + length))
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
    }
  }

  /// Writes as much as the descriptor takes now; returns how many bytes that was, and throws what ended
  /// the writing where that was not a full descriptor.
  public mutating func write(to descriptor: Int32) throws(IOError) -> Int {
    var total = 0
    while count > 0 {
      let written = writeSome(to: descriptor)
      if written < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN || errno == EWOULDBLOCK { break }
        throw IOError("write")
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
    count = 0
  }

  private func writeSome(to descriptor: Int32) -> Int {
    withUnsafeTemporaryAllocation(of: iovec.self, capacity: 64) { vectors in
      var used = 0
      for slice in slices[head...].prefix(64) {
        vectors[used] = iovec(iov_base: slice.chunk.base + slice.range.lowerBound, iov_len: slice.range.count)
        used += 1
      }
      return writev(descriptor, vectors.baseAddress, Int32(used))
    }
  }

  private mutating func drop(_ written: Int) {
    count -= written
    var rest = written
    while rest > 0 {
      let length = slices[head].range.count
      if rest < length {
        slices[head].range = slices[head].range.lowerBound + rest..<slices[head].range.upperBound
        break
      }
      rest -= length
      head += 1
    }
    if head == slices.count {
      slices.removeAll(keepingCapacity: slices.count <= 16)
      head = 0
      tail = nil
    } else if head > 64, head > slices.count / 2 {
      slices.removeFirst(head)
      head = 0
    }
  }
}
