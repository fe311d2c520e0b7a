public import Bytes
internal import Glibc

/// A file with a daemon's process id, locked as long as the daemon lives, so that there is one of it.
///
/// The lock is the system's: it goes with the process, however that ends, and a file left behind is
/// taken over. The lock is held until `remove()` or the process's end, even if the value is forgotten.
public struct PidFile: Sendable {
  /// Why the file cannot be had.
  public enum Failure: Error, Equatable, CustomStringConvertible {
    /// A process that lives holds it; its id, where the file tells one.
    case running(pid: Int32?, path: String)
    /// The system refused.
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

  /// The file.
  public let path: String

  private let descriptor: Int32

  /// Creates or takes over the file and writes this process's id; after any fork.
  ///
  /// - Parameters:
  ///   - path: the file, absolute, in a folder that exists.
  ///   - owner: whom a file made by root belongs to; nil for root.
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
      // Whoever held it removed it between our open and our lock: what we locked is no file any more.
      close(file)
    }
    let line = "\(getpid())\n"
    if ftruncate(descriptor, 0) != 0 || pwrite(descriptor, line, line.utf8.count, 0) != line.utf8.count {
      throw .system(IOError("write the pid file \(path)"))
    }
    if let owner { _ = fchown(descriptor, owner.user ?? .max, owner.group ?? .max) }
  }

  /// Removes the file and gives up the lock; to be called once, last.
  ///
  /// Where the folder does not let this user remove it, it is emptied.
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
