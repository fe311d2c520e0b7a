import Bytes
import Glibc

/// A file that is either whole under its name or not there: written under another name, then renamed.
struct DurableFile: ~Copyable {
  private let path: String
  private let partialPath: String
  private let descriptor: Int32

  /// Begins the file, in place of an earlier attempt.
  init(_ path: String, mode: mode_t = 0o640) throws(IOError) {
    self.path = path
    partialPath = path + SegmentName.partialSuffix
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw IOError("create \(partialPath)") }
  }

  /// Removes what was written, unless it was finished.
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

  /// Gives the file times, waits until the disk has it, and gives it its name.
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

  /// Writes a whole file.
  static func write(_ bytes: [UInt8], to path: String) throws(IOError) {
    let file = try DurableFile(path)
    try file.write(bytes)
    try file.finish()
  }

  /// Waits until the disk has the names in a file's folder; where a file system cannot, it is as safe as it gets.
  static func synchroniseFolder(of path: String) {
    let end = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let folder = open(end == path.startIndex ? "." : String(path[..<end]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
