import Glibc

/// Writing to descriptors that no event loop watches: everything is written, or the caller gets the error.
public enum DescriptorOutput {
  /// What errors call the standard output.
  public static let standardName = "standard output"

  /// Writes all bytes, waiting for as long as that takes, also if the descriptor is non-blocking.
  ///
  /// - Parameters:
  ///   - descriptor: a file, pipe, terminal or socket.
  ///   - name: what the error calls it: a path, or `standard output`.
  /// - Returns: false if nobody reads it any more (`EPIPE`; SIGPIPE has to be ignored).
  /// - Throws: `IOError` "write to NAME" if the bytes cannot all be written.
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
        // Another process that has the descriptor has made it non-blocking.
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

  /// Closes the standard output, which may tell of an error of an earlier write (a network file system, a quota). To be
  /// called once, last.
  public static func closeStandard() throws(IOError) {
    // EBADF: it was closed from the start, and whoever wrote to it has had the error.
    guard close(STDOUT_FILENO) == 0 || errno == EBADF || errno == EINTR else {
      throw IOError("write to \(standardName)")
    }
  }

  /// Writes a file that is there whole or not at all: `PATH.new`, which is then renamed.
  ///
  /// - Parameter mode: the file's permissions, under the umask.
  /// - Throws: the first step that failed; `PATH.new` is gone then.
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
