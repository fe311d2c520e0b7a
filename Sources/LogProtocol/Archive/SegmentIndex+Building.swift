import Bytes
import EventLoop
import Glibc
import Zstandard

extension SegmentIndex {
  /// Builds the index of a closed segment by reading it, compressed or not. The index is complete even if the
  /// segment ends with a torn record or is damaged.
  ///
  /// A block of a compressed segment begins at a frame that begins with a record, so a segment compressed in
  /// one frame has a single block.
  ///
  /// - Parameters:
  ///   - path: the segment.
  ///   - interval: approximate bytes from one block to the next.
  /// - Throws: `IOError` if the file cannot be read, `WireError` if it cannot be decompressed.
  public init(building path: String, format: ArchiveFormat, interval: Int = interval) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOError("open \(path)") }
    defer { close(descriptor) }
    var mark: UInt32 = 0
    let isCompressed = pread(descriptor, &mark, 4, 0) == 4 && UInt32(littleEndian: mark) == 0xfd2f_b528
    let input = Input(descriptor, path, isCompressed: isCompressed)
    var builder = SegmentIndexBuilder(isCompressed: isCompressed, format: format)
    var buffer = Chunk(capacity: max(interval, 64 << 10))
    var count = 0
    while true {
      if !isCompressed || input.isAtFrameStart && count == 0 {
        builder.beginBlock(at: isCompressed ? input.offset : builder.offset, interval: interval)
      }
      if count == buffer.capacity {
        let larger = Chunk(capacity: 2 * count)
        memcpy(larger.base, buffer.base, count)
        buffer = larger
      }
      let added = try input.read(into: buffer.base + count, buffer.capacity - count)
      count += added
      let isEnded = added == 0 && input.isEnded
      let taken = builder.take(buffer.bytes(0..<count), isLast: isEnded)
      memmove(buffer.base, buffer.base + taken, count - taken)
      count -= taken
      if isEnded { break }
    }
    self = builder.finish(fileSize: input.fileSize)
  }

  /// Reads the bytes of a segment, decompressed; one read never crosses the end of a frame.
  private final class Input {
    private(set) var fileSize: UInt64 = 0
    private(set) var isEnded = false
    private let descriptor: Int32
    private let path: String
    private let decompressor: ZstandardDecompressor?
    private let input = Chunk(capacity: ZstandardDecompressor.inputCount)
    private var rest = 0..<0

    init(_ descriptor: Int32, _ path: String, isCompressed: Bool) {
      self.descriptor = descriptor
      self.path = path
      decompressor = isCompressed ? ZstandardDecompressor() : nil
    }

    var offset: UInt64 { decompressor?.offset ?? fileSize }
    var isAtFrameStart: Bool { decompressor?.isAtFrameEnd ?? true }

    /// Reads some bytes; 0 at the end, and also if a frame or the input buffer ended without output.
    func read(into space: UnsafeMutableRawPointer, _ capacity: Int) throws -> Int {
      guard let decompressor else {
        let count = try fill(space, capacity)
        isEnded = count == 0
        return count
      }
      if rest.isEmpty {
        let count = try fill(input.base, input.capacity)
        rest = 0..<count
        if count == 0, decompressor.isAtFrameEnd {
          isEnded = true
          return 0
        }
      }
      let progress = try decompressor.decompress(
        input.bytes(rest),
        to: UnsafeMutableRawBufferPointer(start: space, count: capacity),
        stopsAtFrameEnd: true
      )
      if rest.isEmpty, progress.produced == 0 { try decompressor.finish() }
      rest = rest.lowerBound + progress.consumed..<rest.upperBound
      return progress.produced
    }

    private func fill(_ space: UnsafeMutableRawPointer, _ capacity: Int) throws(IOError) -> Int {
      while true {
        let count = Glibc.read(descriptor, space, capacity)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw IOError("read \(path)") }
        fileSize += UInt64(count)
        return count
      }
    }
  }
}
