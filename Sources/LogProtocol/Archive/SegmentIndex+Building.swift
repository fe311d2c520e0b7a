import Bytes
import EventLoop
import Glibc
import Zstandard

extension SegmentIndex {
  /// Makes the index of a closed segment by reading it, compressed or not; complete also where the segment ends with
  /// a torn record or is damaged.
  ///
  /// A compressed segment's blocks begin where a frame begins with a record: one that was compressed at once has
  /// a single one.
  ///
  /// - Parameters:
  ///   - path: the segment.
  ///   - interval: bytes between the beginnings of two blocks, about.
  /// - Throws: `IOError` where it cannot be read, `WireError` where it cannot be decompressed.
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

  /// The bytes of a segment, decompressed, up to the end of a frame at a time.
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

    /// Reads something; 0 at the end, and also where a frame or the input's buffer ended with nothing in it.
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
