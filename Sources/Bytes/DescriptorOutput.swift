import Glibc

/// Writes to descriptors outside an event loop. All bytes are written, or the caller gets an error.
public enum DescriptorOutput {
  /// The name of the standard output in errors.
  public static let standardName = "standard output"

  /// Writes all bytes. Waits as long as necessary, even if the descriptor is non-blocking.
  ///
  /// - Parameters:
  ///   - descriptor: a file, pipe, terminal or socket.
  ///   - name: the descriptor's name in errors: a path, or `standard output`.
  /// - Returns: false if the reader has closed its end (`EPIPE`). SIGPIPE must be ignored.
  /// - Throws: `IOError` "write to NAME" if not all bytes can be written.
  public static func write(
    _ bytes: UnsafeRawBufferPointer,
    to descriptor: Int32,
    as name: String
  ) throws(IOError) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        continue
      }
      switch count == 0 ? ENOSPC : errno {
      case EINTR: continue
      case EPIPE: return false
      case EAGAIN:
        // Another process that shares the descriptor made it non-blocking.
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&entry, 1, -1)
      case let code: throw IOError("write to \(name)", code: code)
      }
    }
    return true
  }

  /// Writes all bytes; see the other `write`.
  @discardableResult
  public static func write(
    _ bytes: [UInt8],
    to descriptor: Int32,
    as name: String
  ) throws(IOError) -> Bool {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(IOError) in try write(bytes, to: descriptor, as: name) }
    }
    return try result.get()
  }

  /// Writes to the standard output; see the other `write`.
  @discardableResult
  public static func standard(_ bytes: [UInt8]) throws(IOError) -> Bool {
    try write(bytes, to: STDOUT_FILENO, as: standardName)
  }

  /// Closes the standard output. The close may report the error of an earlier write (a network file system, a
  /// quota). Call it once, at the end.
  public static func closeStandard() throws(IOError) {
    // EBADF: it was closed from the start, and every write to it has already failed.
    guard close(STDOUT_FILENO) == 0 || errno == EBADF || errno == EINTR else {
      throw IOError("write to \(standardName)")
    }
  }

  /// Replaces a file atomically: writes `PATH.new`, then renames it.
  ///
  /// - Parameter mode: the file's permissions, before the umask.
  /// - Throws: the error of the first step that failed. `PATH.new` is removed first.
  public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o644) throws(IOError) {
    let temporary = path + ".new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw IOError("create \(temporary)") }
    do throws(IOError) {
      do throws(IOError) { try write(bytes, to: descriptor, as: temporary) } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 || errno == EINTR else { throw IOError("write to \(temporary)") }
      guard rename(temporary, path) == 0 else { throw IOError("rename \(temporary) to \(path)") }
    } catch {
      unlink(temporary)
      throw error
    }
  }
}
