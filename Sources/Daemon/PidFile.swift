public import Bytes
internal import Glibc

/// A file with a daemon's process id, locked while the daemon runs, so that only one instance runs.
///
/// The lock belongs to the process and ends with it, however it ends. A file left behind is reused. The lock
/// is held until `remove()` or the process's end, even if this value is released.
public struct PidFile: Sendable {
  /// The reason why the pid file cannot be locked.
  public enum Failure: Error, Equatable, CustomStringConvertible {
    /// Another process holds it; its id is nil if the file does not contain one.
    case running(pid: Int32?, path: String)
    /// A system call failed.
    case system(IOError)

    /// A sentence that names the process and the file.
    public var description: String {
      switch self {
      case .running(let pid?, let path): "already running as process \(pid), which holds \(path)"
      case .running(nil, let path): "already running: another process holds \(path)"
      case .system(let error): "\(error)"
      }
    }
  }

  /// The file's path.
  public let path: String

  private let descriptor: Int32

  /// Creates or reuses the file and writes this process's id. Call it after any fork.
  ///
  /// - Parameters:
  ///   - path: the absolute path, in an existing folder.
  ///   - owner: the owner of a file created by root; nil for root.
  public init(path: String, owner: Account? = nil) throws(Failure) {
    self.path = path
    while true {
      let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      if file < 0 { throw .system(IOError("open the pid file \(path)")) }
      if flock(file, LOCK_EX | LOCK_NB) != 0 {
        let code = errno
        let pid = Self.pid(in: file)
        close(file)
        if code == EWOULDBLOCK { throw .running(pid: pid, path: path) }
        throw .system(IOError("lock the pid file \(path)", code: code))
      }
      if Self.isSame(file, path) {
        descriptor = file
        break
      }
      // The former holder removed the file between our open and our lock. The locked file has no name any
      // more.
      close(file)
    }
    let line = "\(getpid())\n"
    if ftruncate(descriptor, 0) != 0 || pwrite(descriptor, line, line.utf8.count, 0) != line.utf8.count {
      throw .system(IOError("write the pid file \(path)"))
    }
    if let owner { _ = fchown(descriptor, owner.user ?? .max, owner.group ?? .max) }
  }

  /// Removes the file and releases the lock. Call it once, at the end.
  ///
  /// If this user may not remove the file from the folder, it is truncated instead.
  public func remove() {
    if Self.isSame(descriptor, path), unlink(path) != 0 { _ = ftruncate(descriptor, 0) }
    close(descriptor)
  }

  private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
    var opened = stat()
    var named = stat()
    guard fstat(descriptor, &opened) == 0, lstat(path, &named) == 0 else { return false }
    return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino
  }

  private static func pid(in descriptor: Int32) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let digits = bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }
    return Int32(String(decoding: digits, as: UTF8.self))
  }
}
