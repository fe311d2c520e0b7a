import Bytes
import EventLoop
import Glibc
import Zstandard

/// The bytes of a file or of the standard input, decompressed if they are a Zstandard stream.
final class LogInput {
  /// Bytes read from the file itself so far.
  private(set) var consumedCount: UInt64 = 0

  /// The file's size; nil if it is no regular file, such as a pipe.
  let size: UInt64?

  /// The file's inode.
  let number: UInt64

  private let path: String
  private let descriptor: Int32
  private var decompressor: ZstandardDecompressor?

  /// Bytes of the file that were read and not yet used.
  private let buffer = Chunk(capacity: 2 * ZstandardDecompressor.inputCount)
  private var start = 0
  private var end = 0
  private var isEnded = false

  init(_ path: String) throws(IOError) {
    self.path = path
    descriptor = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw IOError("open \(path)") }
    number = UInt64(status.st_ino)
    size = status.st_mode & S_IFMT == S_IFREG ? UInt64(status.st_size) : nil
    // The first bytes show whether the file is compressed.
    while end < Self.mark.count, !isEnded { try refill() }
    if buffer.bytes(0..<end).starts(with: Self.mark) { decompressor = ZstandardDecompressor() }
  }

  /// The first bytes of a Zstandard frame.
  private static let mark: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether the file is compressed.
  var isCompressed: Bool { decompressor != nil }

  /// Reads some bytes into `space`; 0 at the end.
  ///
  /// - Throws: `WireError` if compressed bytes are damaged or cut short, `IOError` if they cannot be read.
  func read(into space: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let decompressor else {
      guard start < end else { return try readFile(space) }
      let count = min(end - start, space.count)
      space.copyMemory(from: buffer.bytes(start..<start + count))
      start += count
      return count
    }
    while true {
      let progress = try decompressor.decompress(buffer.bytes(start..<end), to: space)
      start += progress.consumed
      if progress.produced > 0 { return progress.produced }
      if isEnded {
        try decompressor.finish()
        return 0
      }
      try refill()
    }
  }

  /// Continues at another offset of the file; in a compressed file a frame must begin there.
  func seek(to offset: UInt64) throws(IOError) {
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw IOError("seek in \(path)") }
    (start, end, isEnded) = (0, 0, false)
    consumedCount = offset
    if decompressor != nil { decompressor = ZstandardDecompressor(at: offset) }
  }

  private func refill() throws(IOError) {
    memmove(buffer.base, buffer.base + start, end - start)
    (start, end) = (0, end - start)
    let space = UnsafeMutableRawBufferPointer(start: buffer.base + end, count: buffer.capacity - end)
    let count = try readFile(space)
    isEnded = count == 0
    end += count
  }

  private func readFile(_ space: UnsafeMutableRawBufferPointer) throws(IOError) -> Int {
    while true {
      let count = Glibc.read(descriptor, space.baseAddress, space.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw IOError("read \(path)") }
      consumedCount += UInt64(count)
      return count
    }
  }
}
