import Bytes
import EventLoop
import Glibc

/// Bytes on their way to the archive, in order.
struct ArchiveQueue {
  /// The last one takes what comes; the others stand before it because they were put in front.
  private var parts: [WriteQueue]
  private let pool: ChunkPool

  /// Bytes of the head in front, as it was before any of it was written.
  private var headCount = 0

  /// Creates an empty queue.
  init(pool: ChunkPool) {
    self.pool = pool
    parts = [WriteQueue(pool: pool)]
  }

  /// How many bytes wait.
  var count: Int { parts.reduce(0) { $0 + $1.count } }

  /// Queues bytes by reference.
  mutating func append(_ slice: ChunkSlice) { parts[parts.count - 1].append(slice) }

  /// Queues a copy of bytes.
  mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { parts[parts.count - 1].append($0) } }

  /// Queues a copy of bytes before everything that waits.
  mutating func prepend(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    var part = WriteQueue(pool: pool)
    bytes.withUnsafeBytes { part.append($0) }
    parts.insert(part, at: 0)
  }

  /// Queues a segment's head before everything that waits.
  mutating func begin(with head: [UInt8]) {
    prepend(head)
    headCount = head.count
  }

  /// Forgets the head in front where none of it is written: another one will be.
  mutating func withdrawHead() {
    if parts.count > 1, parts[0].count == headCount { parts.removeFirst() }
    headCount = 0
  }

  /// Writes everything; where that fails, what was written is no longer queued.
  mutating func write(to descriptor: Int32) throws(IOError) {
    while true {
      _ = try parts[0].write(to: descriptor)
      // Only a descriptor that does not wait leaves something, which a file never is.
      guard parts[0].count == 0 else { throw IOError("write", code: EAGAIN) }
      guard parts.count > 1 else { return }
      parts.removeFirst()
    }
  }
}
