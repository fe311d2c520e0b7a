import Bytes
import EventLoop
import Glibc

/// Reads the records of a native log file in order, from the start.
public final class ArchiveFile {
  /// The end of a file.
  public enum Ending: Equatable, Sendable {
    /// The file ends with a whole record.
    case whole
    /// The file ends `count` bytes into a record: its writer was cut off, or is still writing.
    case torn(count: Int)
  }

  /// The file's path, as given; `-` is the standard input.
  public let path: String

  /// Offset in the file of the next record; after the last one, the end of the whole records.
  public private(set) var offset: UInt64 = 0

  private let descriptor: Int32
  private var buffer: Chunk
  private var start = 0
  private var end = 0

  /// Opens a file.
  public init(_ path: String) throws(IOError) {
    self.path = path
    descriptor = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
    buffer = Chunk(capacity: 1 << 20)
    guard descriptor >= 0 else { throw IOError("open \(path)") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Calls `body` with each whole record's header, body and offset in the file; stops early if `body` returns
  /// false.
  ///
  /// - Throws: `WireError` (its offset relative to `self.offset`) if the file holds bytes that are no
  ///   records, `IOError` if it cannot be read.
  public func forEachRecord(
    _ body: (RecordHeader, UnsafeRawBufferPointer, UInt64) throws -> Bool
  ) throws -> Ending {
    while true {
      var cursor = RecordCursor(buffer.bytes(start..<end))
      while let (header, range) = try next(&cursor) {
        let content = UnsafeRawBufferPointer(rebasing: cursor.bytes[range].dropFirst(RecordHeader.size))
        guard try body(header, content, offset + UInt64(range.lowerBound)) else {
          take(cursor.offset)
          return .whole
        }
      }
      take(cursor.offset)
      guard try fill(needed: cursor.neededCount) else {
        return end == start ? .whole : .torn(count: end - start)
      }
    }
  }

  private func next(_ cursor: inout RecordCursor) throws(WireError) -> (
    header: RecordHeader, range: Range<Int>
  )? {
    do throws(WireError) {
      return try cursor.next()
    } catch {
      take(cursor.offset)
      throw error
    }
  }

  private func take(_ count: Int) {
    start += count
    offset += UInt64(count)
  }

  /// Reads more, after making room for a piece of `needed` bytes; false at the end of the file.
  private func fill(needed: Int) throws(IOError) -> Bool {
    let rest = end - start
    if buffer.capacity - start < max(needed, rest + 1) {
      let larger = max(needed, rest + 1) > buffer.capacity ? Chunk(capacity: max(needed, 2 * rest)) : buffer
      memmove(larger.base, buffer.base + start, rest)
      buffer = larger
      start = 0
      end = rest
    }
    while true {
      let count = read(descriptor, buffer.base + end, buffer.capacity - end)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw IOError("read \(path)") }
      end += count
      return count > 0
    }
  }
}
