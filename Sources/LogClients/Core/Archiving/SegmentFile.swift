import Bytes
import EventLoop
import Glibc
import LogProtocol

/// The file that an archive is being written to, locked against a second writer.
final class SegmentFile {
  /// Identifies the file even after it is renamed.
  struct Identity: Equatable {
    let device: UInt
    let inode: UInt
    let size: UInt64
  }

  /// The path at which it was opened; it may have been renamed since.
  let path: String

  /// Bytes in the file.
  private(set) var size: UInt64

  /// Bytes up to the last known end of a record.
  private(set) var wholeSize: UInt64

  /// Bytes that were last known to be flushed to disk.
  var synchronisedSize: UInt64

  /// Bytes that the file was last seen to hold; never more than `size`.
  var checkedSize: UInt64 = 0

  /// The descriptor to write to and to flush.
  let descriptor: Int32

  /// Opens the file, or creates it with mode 0640. Locks it unless it is a device.
  init(_ path: String) throws(ArchiveError) {
    self.path = path
    while true {
      let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0o640)
      if file < 0 { throw .system(IOError("open the archive \(path)")) }
      var opened = stat()
      var named = stat()
      // Several programs may write to a device, such as /dev/null, without harm.
      let isDevice = fstat(file, &opened) == 0 && opened.st_mode & S_IFMT == S_IFCHR
      if !isDevice, flock(file, LOCK_EX | LOCK_NB) != 0 {
        let code = errno
        close(file)
        throw code == EWOULDBLOCK
          ? .busy(path: path) : .system(IOError("lock the archive \(path)", code: code))
      }
      if fstat(file, &opened) == 0, stat(path, &named) == 0, opened.st_ino == named.st_ino,
        opened.st_dev == named.st_dev
      {
        descriptor = file
        size = UInt64(max(0, opened.st_size))
        wholeSize = size
        synchronisedSize = size
        checkedSize = size
        return
      }
      // It was renamed between the open and the lock.
      close(file)
    }
  }

  deinit { close(descriptor) }

  /// Releases the lock, so that another archive may write to the file. Nothing may be written here
  /// afterwards.
  func unlock() { flock(descriptor, LOCK_UN) }

  /// The time when the segment was started, from its first preamble or record, in ns since the Unix epoch;
  /// nil if it has neither.
  func startTime(_ format: ArchiveFormat) -> UInt64? {
    var start = [UInt8](repeating: 0, count: 17)
    guard pread(descriptor, &start, 17, 0) > 15 else { return nil }
    let place = format == .native ? 8..<16 : 9..<17
    let time = start[place].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return format == .native ? time : time.multipliedReportingOverflow(by: 1_000_000_000).partialValue
  }

  /// The file's device, inode, and size as far as this process wrote it.
  var identity: Identity {
    var state = stat()
    fstat(descriptor, &state)
    return Identity(device: UInt(state.st_dev), inode: UInt(state.st_ino), size: size)
  }

  /// Adds appended bytes to the sizes; `isWhole` if the file now ends with a whole record.
  func grew(by count: UInt64, isWhole: Bool) {
    size += count
    guard isWhole else { return }
    wholeSize = size
    // Keeps the doubtful part short if the file is shortened later (see `salvage`).
    var opened = stat()
    guard fstat(descriptor, &opened) == 0 else { return }
    if UInt64(max(0, opened.st_size)) >= wholeSize { checkedSize = wholeSize }
  }

  /// Flushes the file with `fdatasync(2)`. A file that cannot be flushed, such as a device, counts as
  /// flushed.
  ///
  /// - Returns: 0 or an errno.
  @Sendable static func synchronise(_ descriptor: Int32) -> Int32 {
    while fdatasync(descriptor) != 0 {
      if errno == EINTR { continue }
      return errno == EINVAL || errno == EROFS ? 0 : errno
    }
    return 0
  }

  /// Removes the start of a record that could not be written completely from the end of the file, and returns
  /// it.
  func cutTornRecord(_ format: ArchiveFormat) throws(IOError) -> [UInt8] {
    guard size > wholeSize else { return [] }
    var bytes = [UInt8](repeating: 0, count: Int(size - wholeSize))
    let count = pread(descriptor, &bytes, bytes.count, off_t(wholeSize))
    guard count == bytes.count else { throw IOError("read \(path)") }
    // This process wrote these bytes, so they are records.
    let whole = bytes.withUnsafeBytes { (try? format.wholeCount(of: $0)) ?? 0 }
    try truncate(to: wholeSize + UInt64(whole))
    return Array(bytes[whole...])
  }

  /// Sets the sizes to the file's actual size, whatever was written to it.
  func takeSize() throws(IOError) {
    var opened = stat()
    guard fstat(descriptor, &opened) == 0 else { throw IOError("look at \(path)") }
    size = UInt64(max(0, opened.st_size))
    wholeSize = size
    checkedSize = min(checkedSize, size)
  }

  /// Shortens the file to a size in bytes.
  func truncate(to size: UInt64) throws(IOError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw IOError("truncate \(path)") }
    self.size = size
    wholeSize = size
    checkedSize = min(checkedSize, size)
  }

  /// Reads the file from an offset in pieces of at most 64 KiB. Passes each piece and its offset to `body`,
  /// until that returns false. Returns whether all of the file was read.
  func forEachPiece(from start: UInt64, _ body: (UnsafeRawBufferPointer, UInt64) -> Bool) -> Bool {
    var offset = start
    return withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 8) { buffer in
      while offset < size {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
        if count < 0, errno == EINTR { continue }
        guard count > 0, body(UnsafeRawBufferPointer(rebasing: buffer[..<count]), offset) else {
          return false
        }
        offset += UInt64(count)
      }
      return true
    }
  }

  /// Reads all whole records of a file.
  static func read(
    _ file: ArchiveFile,
    _ body: (RecordHeader, UnsafeRawBufferPointer) -> Void
  ) throws(ArchiveError) -> ArchiveFile.Ending {
    do {
      return try file.forEachRecord { header, content, _ in
        body(header, content)
        return true
      }
    } catch let error as IOError {
      throw .system(error)
    } catch {
      throw .notALog(path: file.path, offset: file.offset, reason: "\(error)")
    }
  }

  /// Opens a reader of a file that starts with the magic of a native log, or is shorter than it.
  static func reader(of path: String) throws(ArchiveError) -> ArchiveFile {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { throw .system(IOError("open \(path)")) }
    defer { close(file) }
    var start = [UInt8](repeating: 0, count: 4)
    let count = max(0, pread(file, &start, 4, 0))
    guard start[..<count].elementsEqual(StreamPreamble.bytes(createdAt: 0)[..<count]) else {
      throw .notALog(path: path, offset: 0, reason: "it does not begin with NMLG")
    }
    do throws(IOError) { return try ArchiveFile(path) } catch { throw .system(error) }
  }
}
