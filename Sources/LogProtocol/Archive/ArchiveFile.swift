import Bytes
import EventLoop
import Glibc

/// Reads the records of a native log file in order, from the start.
public final class ArchiveFile {
  /// How a file ends.
  public enum Ending: Equatable, Sendable {
    /// With a whole record.
    case whole
    /// In the middle of a record, after `count` bytes of it: its writer was cut off, or is still writing.
    case torn(count: Int)
  }

  /// The file's path, as given; `-` is the standard input.
  public let path: String

  /// Offset in the file of the next record; after the last, the size of what is whole.
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

  /// The files in the order in which they were begun, by their preambles; those that have none, or cannot be
  /// read, come first, as given. Indexes of segments are left out: where all of a folder is meant, they are not.
  public static func chronological(_ paths: [String]) -> [String] {
    let paths = paths.filter { !$0.hasSuffix(SegmentIndex.suffix) }
    let times = paths.map { path -> UInt64 in
      guard path != "-", let file = fopen(path, "re") else { return 0 }
      defer { fclose(file) }
      var bytes = [UInt8](repeating: 0, count: StreamPreamble.size)
      guard fread(&bytes, 1, bytes.count, file) == bytes.count,
        let piece = try? bytes.withUnsafeBytes({ try RecordFramer.first(in: $0) }), piece == .preamble
      else { return 0 }
      return bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }
    // Sorting is not stable by itself.
    return paths.indices.sorted { (times[$0], $0) < (times[$1], $1) }.map { paths[$0] }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Calls `body` with each whole record's header and body and its offset in the file; stops early where
  /// `body` returns false.
  ///
  /// - Throws: `WireError` (its offset relative to `self.offset`) where the file holds something else than
  ///   records, `IOError` where it cannot be read.
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

  /// Reads more, so that a piece of `needed` bytes fits; false at the end of the file.
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
