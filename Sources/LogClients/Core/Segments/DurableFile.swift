import Bytes
import Glibc

/// A file that is either complete under its name or absent: it is written under another name, flushed and
/// renamed.
struct DurableFile: ~Copyable {
  private let path: String
  private let partialPath: String
  private let descriptor: Int32

  /// Creates the file, replacing the rest of an earlier attempt.
  init(_ path: String, mode: mode_t = 0o640) throws(IOError) {
    self.path = path
    partialPath = path + SegmentName.partialSuffix
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw IOError("create \(partialPath)") }
  }

  /// Removes the partial file, unless it was finished.
  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(partialPath)
    }
  }

  /// Writes all of the bytes.
  func write(_ bytes: [UInt8]) throws(IOError) {
    let isWritten = bytes.withUnsafeBytes { bytes in
      var rest = bytes
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
      return true
    }
    guard isWritten else { throw IOError("write to \(partialPath)") }
  }

  /// Sets the file's times if given, flushes it to disk, and renames it.
  consuming func finish(modified: timespec? = nil) throws(IOError) {
    if let modified {
      withUnsafePointer(to: (modified, modified)) {
        _ = $0.withMemoryRebound(to: timespec.self, capacity: 2) { futimens(descriptor, $0) }
      }
    }
    guard fsync(descriptor) == 0 else { throw IOError("sync \(partialPath)") }
    guard rename(partialPath, path) == 0 else { throw IOError("rename \(partialPath) to \(path)") }
    Self.synchroniseFolder(of: path)
  }

  /// Writes a whole file and finishes it.
  static func write(_ bytes: [UInt8], to path: String) throws(IOError) {
    let file = try DurableFile(path)
    try file.write(bytes)
    try file.finish()
  }

  /// Flushes a file's folder, which holds the new name, to disk. Ignores errors: some file systems cannot do
  /// this.
  static func synchroniseFolder(of path: String) {
    let end = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let folder = open(end == path.startIndex ? "." : String(path[..<end]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
