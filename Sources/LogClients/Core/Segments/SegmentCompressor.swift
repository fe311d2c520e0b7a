import Bytes
import EventLoop
import Glibc
import LogProtocol
import Zstandard

/// Compresses a closed segment byte for byte, whatever it contains, and writes an index of the compressed
/// segment.
///
/// Each block of the index starts at a Zstandard frame of its own. The compressed segment gets its name when
/// it and its index are flushed to disk; only then is the uncompressed segment removed. After a crash one of
/// them is there, or both.
enum SegmentCompressor {
  /// Compresses a segment.
  ///
  /// - Parameters:
  ///   - path: the segment's path; the compressed one has `.zst` appended.
  ///   - level: the Zstandard level.
  ///   - isCancelled: called once for each block.
  /// - Returns: the compressed segment's index; nil if it was cancelled.
  static func compress(
    _ path: String,
    format: ArchiveFormat,
    level: Int,
    isCancelled: () -> Bool
  ) throws(IOError) -> SegmentIndex? {
    guard let index = try write(path, format, level, isCancelled) else { return nil }
    guard unlink(path) == 0 else { throw IOError("remove \(path)") }
    unlink(path + SegmentIndex.suffix)
    return index
  }

  private static func write(
    _ path: String,
    _ format: ArchiveFormat,
    _ level: Int,
    _ isCancelled: () -> Bool
  ) throws(IOError) -> SegmentIndex? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOError("open \(path)") }
    defer { close(descriptor) }
    var state = stat()
    guard fstat(descriptor, &state) == 0 else { throw IOError("stat \(path)") }
    let compressedPath = path + SegmentName.compressedSuffix
    let file = try DurableFile(compressedPath, mode: state.st_mode & 0o777)
    let compressor = ZstandardCompressor(level: level)
    var builder = SegmentIndexBuilder(isCompressed: true, format: format)
    var buffer = Chunk(capacity: SegmentIndex.interval)
    var compressed: [UInt8] = []
    var (count, size) = (0, UInt64(0))
    while true {
      if isCancelled() { return nil }
      if count == buffer.capacity {
        let larger = Chunk(capacity: 2 * count)
        memcpy(larger.base, buffer.base, count)
        buffer = larger
      }
      let added = try fill(descriptor, path, buffer, &count)
      builder.beginBlock(at: size)
      let taken = builder.take(buffer.bytes(0..<count), isLast: !added)
      if taken > 0 {
        compressed.removeAll(keepingCapacity: true)
        compressor.compress(buffer.bytes(0..<taken), to: &compressed)
        compressor.endFrame(to: &compressed)
        try file.write(compressed)
        size += UInt64(compressed.count)
        memmove(buffer.base, buffer.base + taken, count - taken)
        count -= taken
      }
      if !added { break }
    }
    let index = builder.finish(fileSize: size)
    try DurableFile.write(index.bytes, to: compressedPath + SegmentIndex.suffix)
    try file.finish(modified: state.st_mtim)
    return index
  }

  /// Fills a buffer; returns false at the end of the file.
  private static func fill(
    _ descriptor: Int32,
    _ path: String,
    _ buffer: Chunk,
    _ count: inout Int
  ) throws(IOError) -> Bool {
    while count < buffer.capacity {
      let added = read(descriptor, buffer.base + count, buffer.capacity - count)
      if added < 0, errno == EINTR { continue }
      guard added >= 0 else { throw IOError("read \(path)") }
      if added == 0 { return false }
      count += added
    }
    return true
  }
}
