import Bytes
import EventLoop
import Glibc
import LogProtocol
import Zstandard

/// Reads the records of a compressed segment, to find the archive's positions.
enum CompressedSegment {
  /// Calls `body` with each whole record, up to the end or to a torn record.
  static func read(_ path: String, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Void) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOError("open \(path)") }
    defer { close(descriptor) }
    let decompressor = ZstandardDecompressor()
    let input = Chunk(capacity: ZstandardDecompressor.inputCount)
    var buffer = Chunk(capacity: 1 << 20)
    var (rest, count) = (0..<0, 0)
    while true {
      if rest.isEmpty {
        let added = Glibc.read(descriptor, input.base, input.capacity)
        if added < 0, errno == EINTR { continue }
        guard added >= 0 else { throw IOError("read \(path)") }
        rest = 0..<added
      }
      let isEnded = rest.isEmpty
      let space = UnsafeMutableRawBufferPointer(start: buffer.base + count, count: buffer.capacity - count)
      let progress = try decompressor.decompress(input.bytes(rest), to: space)
      rest = rest.lowerBound + progress.consumed..<rest.upperBound
      count += progress.produced
      var cursor = RecordCursor(buffer.bytes(0..<count))
      while let (header, range) = try cursor.next() {
        body(header, UnsafeRawBufferPointer(rebasing: cursor.bytes[range].dropFirst(RecordHeader.size)))
      }
      count -= cursor.offset
      memmove(buffer.base, buffer.base + cursor.offset, count)
      if cursor.neededCount > buffer.capacity {
        let larger = Chunk(capacity: cursor.neededCount)
        memcpy(larger.base, buffer.base, count)
        buffer = larger
      }
      if isEnded, progress.produced == 0 { return try decompressor.finish() }
    }
  }
}
