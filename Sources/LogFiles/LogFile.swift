import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// Reads the records of a log file in order: native or coinscope's, compressed with Zstandard or not, whole,
/// torn or damaged.
///
/// Memory is bounded by the longest record (16 MiB) and a buffer. Only coinscope records other than messages
/// allocate memory.
public final class LogFile {
  /// The file's path, as given; `-` is the standard input.
  public let path: String

  /// The format of its records.
  public private(set) var format = ArchiveFormat.native

  /// Offset of the next piece, after decompression if the file is compressed.
  public private(set) var offset: UInt64 = 0

  /// Records read so far.
  public private(set) var recordCount: UInt64 = 0

  /// The time in the file's first preamble, in ns since the Unix epoch; 0 before that was read.
  public private(set) var creationTime: UInt64 = 0

  /// Whether the file is still being written: `next()` may find more after its current end.
  public var isGrowing = false

  /// The file's inode.
  public var number: UInt64 { input.number }

  private let input: LogInput
  private var buffer: Chunk
  private var start = 0
  private var end = 0
  private var isEnded = false
  private var compressionError: WireError?
  private var pending = 0
  private var translated = Chunk(capacity: 1024)
  private var beginning: SegmentIndex.Block?
  private var endOffset: UInt64 = .max

  /// Default number of bytes to read at a time.
  public static let defaultBufferCount = 1 << 20

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - format: the file's format; nil to detect it from its first records.
  ///   - bufferCount: bytes to read at a time.
  public init(
    _ path: String,
    format: ArchiveFormat? = nil,
    bufferCount: Int = defaultBufferCount
  ) throws(IOError) {
    self.path = path
    input = try LogInput(path)
    buffer = Chunk(capacity: max(bufferCount, 4096))
    // The writer of a pipe may send no more than a record for a long time.
    _ = try fill(needed: input.size == nil ? ArchiveFormat.headCount : 4096)
    self.format = format ?? .sniff(buffer.bytes(start..<end))
  }

  /// Whether the file is compressed.
  public var isCompressed: Bool { input.isCompressed }

  /// Bytes of the content after decompression; nil if they are unknown before it is read.
  public var contentCount: UInt64? {
    guard isCompressed, let size = input.size else { return input.size }
    return Self.index(of: path).flatMap { $0.fileSize == size && $0.isCompressed ? $0.size : nil }
  }

  /// Bytes of the file itself: those read so far, and all; `total` is nil if unknown.
  public var progress: (read: UInt64, total: UInt64?) { (input.consumedCount, input.size) }

  /// Returns the next record or damage; nil at the end. The previous piece is no longer valid.
  public func next() throws(IOError) -> LogPiece? {
    take(pending)
    pending = 0
    if let record = usualRecord() { return .record(record) }
    while true {
      if offset >= endOffset { return nil }
      switch look() {
      case .failure(let error): return .damage(try skip(error))
      case .success(.needsMore(let count)):
        if try !fill(needed: count) {
          guard isGrowing, compressionError == nil else { return ending().map(LogPiece.damage) }
          isEnded = false
          return nil
        }
      case .success(.preamble):
        let bytes = buffer.bytes(start..<end)
        let time = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        if creationTime == 0 { creationTime = time }
        take(StreamPreamble.size)
      case .success(.record(let count)):
        // If no record follows, this one must prove its length by its body. So read the next header, but do
        // not wait for a pipe.
        if input.size != nil, !isEnded, end - start < count + ArchiveFormat.headCount {
          _ = try fill(needed: count + ArchiveFormat.headCount)
          continue
        }
        switch record(count) {
        case .success(let record):
          // The META records at the start of a segment list the open connections.
          if let block = beginning, offset < block.offset, record.header.type != .meta {
            try skip(to: block)
            continue
          }
          pending = count
          recordCount += 1
          return .record(record)
        case .failure(let error): return .damage(try skip(error))
        }
      }
    }
  }

  /// Returns the next record in the usual case: a native one with the next header in the buffer; nil if it
  /// needs a closer look.
  private func usualRecord() -> LogRecord? {
    let bytes = buffer.bytes(start..<end)
    guard format == .native, beginning == nil, offset < endOffset, let count = ArchiveFormat.usualCount(bytes)
    else { return nil }
    pending = count
    recordCount += 1
    return LogRecord(
      header: RecordHeader(checked: bytes),
      body: UnsafeRawBufferPointer(rebasing: bytes[RecordHeader.size..<count]),
      bytes: UnsafeRawBufferPointer(rebasing: bytes[..<count]),
      format: .native,
      offset: offset,
      number: recordCount
    )
  }

  /// Skips parts of a closed segment that its index shows to hold no records of `times`. Must be called
  /// before the first record is read. Does nothing without an index that matches the file.
  ///
  /// A segment that reaches into `times` is read from its start all the same, for the connections that open
  /// in it. A native segment that ends before `times` is skipped as a whole: the next one begins with the
  /// connections still open.
  ///
  /// - Parameters:
  ///   - times: ns since the Unix epoch.
  ///   - seeks: whether to skip also the earlier part of a segment, except the META records that it begins
  ///     with. Connections that were opened in the skipped part are then unknown, and records are numbered
  ///     without it.
  public func limit(to times: Range<UInt64>, seeks: Bool) {
    guard let size = input.size, let index = Self.index(of: path), index.fileSize == size,
      index.isCompressed == isCompressed
    else { return }
    if let last = index.blocks.lastIndex(where: { $0.earliest < times.upperBound }) {
      endOffset = last + 1 < index.blocks.count ? index.blocks[last + 1].offset : .max
    }
    let first = index.blocks.first { $0.latest >= times.lowerBound && $0.earliest <= $0.latest }
    if first == nil, times.lowerBound > 0, format == .native { endOffset = 0 }
    if seeks { beginning = first ?? index.blocks.last }
  }

  private static func index(of path: String) -> SegmentIndex? {
    let descriptor = open(path + SegmentIndex.suffix, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    // The index of a segment of a terabyte has 8 MiB.
    guard fstat(descriptor, &status) == 0, status.st_size <= 64 << 20 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    guard read(descriptor, &bytes, bytes.count) == bytes.count else { return nil }
    return try? SegmentIndex(bytes.span.bytes)
  }

  private func skip(to block: SegmentIndex.Block) throws(IOError) {
    beginning = nil
    try input.seek(to: block.fileOffset)
    (start, end, isEnded) = (0, 0, false)
    offset = block.offset
  }

  private func look() -> Result<RecordFramer.Piece, WireError> {
    do throws(WireError) { return .success(try format.strictFirst(in: buffer.bytes(start..<end))) } catch {
      return .failure(error)
    }
  }

  private func record(_ count: Int) -> Result<LogRecord, WireError> {
    let bytes = buffer.bytes(start..<start + count)
    do throws(WireError) {
      let (header, body) =
        format == .native
        ? (RecordHeader(checked: bytes), UnsafeRawBufferPointer(rebasing: bytes[RecordHeader.size...]))
        : try translate(bytes)
      let following = buffer.bytes(start + count..<end)
      // A few bytes at the end are a torn record, or the rest of this one if its length is wrong.
      let isTail = isEnded && !following.isEmpty && following.count < ArchiveFormat.headCount
      let isFollowed = !isTail && format.looksRight(following, after: header.time)
      guard isFollowed || format.isConsistent(bytes) else {
        throw WireError(
          .invalid("is \(count - 4), and no record follows"),
          field: "record length",
          offset: 0
        )
      }
      return .success(
        LogRecord(
          header: header,
          body: body,
          bytes: bytes,
          format: format,
          offset: offset,
          number: recordCount + 1
        )
      )
    } catch {
      return .failure(error)
    }
  }

  private func translate(
    _ bytes: UnsafeRawBufferPointer
  ) throws(WireError) -> (RecordHeader, UnsafeRawBufferPointer) {
    let source = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    let record = UnsafeRawBufferPointer(rebasing: bytes[8...])
    if let (header, message) = CoinscopeRecord.message(record) {
      var header = header
      header.source = source
      return (header, message)
    }
    var (header, body) = try CoinscopeRecord.native(record.bytes)
    header.source = source
    if translated.capacity < body.count { translated = Chunk(capacity: 2 * body.count) }
    body.withUnsafeBytes { if let base = $0.baseAddress { memcpy(translated.base, base, $0.count) } }
    return (header, translated.bytes(0..<body.count))
  }

  // MARK: Damage

  /// Handles the bytes at the end of the file that are no whole record; nil if there are none.
  private func ending() -> LogDamage? {
    let rest = end - start
    if let error = compressionError {
      compressionError = nil
      return take(.compression, rest, "\(error)")
    }
    guard rest > 0 else { return nil }
    // A wrong length may reach beyond the end, and cover whole records.
    for index in 1..<rest where format.beginsRecord(in: buffer.bytes(start + index..<end)) == .yes {
      return take(.damaged, index, "record length at byte \(offset) reaches beyond the end of the file")
    }
    return take(.torn, rest, "the record is incomplete")
  }

  /// Skips to the next record, or to the end.
  private func skip(_ error: WireError) throws(IOError) -> LogDamage {
    let first = offset
    take(1)
    while true {
      switch format.beginsRecord(in: buffer.bytes(start..<end)) {
      case .no: take(1)
      case .unknown(let needed):
        if try fill(needed: needed) { continue }
        take(min(1, end - start))
      case .yes: return damage(first, error)
      }
      if start == end, try !fill(needed: 1) { return damage(first, error) }
    }
  }

  private func damage(_ first: UInt64, _ error: WireError) -> LogDamage {
    let reason = WireError(error.problem, field: error.field, offset: Int(clamping: first) + error.offset)
    return LogDamage(
      kind: .damaged,
      path: path,
      offset: first,
      count: offset - first,
      number: recordCount + 1,
      reason: "\(reason)"
    )
  }

  private func take(_ kind: LogDamage.Kind, _ count: Int, _ reason: String) -> LogDamage {
    defer { take(count) }
    return LogDamage(
      kind: kind,
      path: path,
      offset: offset,
      count: UInt64(count),
      number: recordCount + 1,
      reason: reason
    )
  }

  // MARK: Buffer

  private func take(_ count: Int) {
    start += count
    offset += UInt64(count)
  }

  /// Reads until `needed` bytes are in the buffer; false at the end of the file. May move the buffer's bytes.
  private func fill(needed: Int) throws(IOError) -> Bool {
    while end - start < needed, !isEnded {
      makeRoom(needed)
      let space = UnsafeMutableRawBufferPointer(start: buffer.base + end, count: buffer.capacity - end)
      do {
        let count = try input.read(into: space)
        isEnded = count == 0
        end += count
      } catch let error as IOError {
        throw error
      } catch {
        compressionError = error as? WireError
        isEnded = true
      }
    }
    return end - start >= needed
  }

  private func makeRoom(_ needed: Int) {
    let rest = end - start
    guard buffer.capacity - start < max(needed, rest + 1) || start == end else { return }
    let larger = max(needed, rest + 1) > buffer.capacity ? Chunk(capacity: max(needed, 2 * rest)) : buffer
    memmove(larger.base, buffer.base + start, rest)
    buffer = larger
    start = 0
    end = rest
  }
}
