import Bytes
import Glibc

/// Where a tool writes bytes: a file, which has its name only when it is whole, or the standard output.
final class ByteOutput {
  /// What waits to be written.
  var bytes: [UInt8] = []

  /// Whether nobody reads it any more.
  private(set) var isClosed = false

  /// Bytes given so far.
  private(set) var count: UInt64 = 0

  private let path: String?
  private let output: Output
  private let descriptor: Int32

  private static let batch = 256 << 10

  /// Opens a file, or the standard output where `path` is nil or `-`.
  ///
  /// - Throws: `ClientFailure` where it cannot be written, or is there already and not to be replaced.
  init(_ path: String?, replaces: Bool = false, _ output: Output) throws(ClientFailure) {
    self.path = path == "-" ? nil : path
    self.output = output
    guard let path = self.path else {
      descriptor = -1
      return
    }
    guard replaces || access(path, F_OK) != 0 else {
      throw ClientFailure(.someFailed, "\(path) is there already; --force replaces it.")
    }
    descriptor = open(Self.unfinished(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw ClientFailure(.someFailed, "\(IOError("open \(Self.unfinished(path))")).")
    }
  }

  deinit {
    guard let path, descriptor >= 0 else { return }
    close(descriptor)
    if !isFinished { unlink(Self.unfinished(path)) }
  }

  private var isFinished = false

  private static func unfinished(_ path: String) -> String { path + ".part" }

  /// Writes out what waits, where that is much; false where nobody reads it any more.
  func flushIfMuch() throws(ClientFailure) -> Bool {
    if bytes.count >= Self.batch { try flush() }
    return !isClosed
  }

  /// Writes out the rest; a file gets its name.
  func finish() throws(ClientFailure) {
    try flush()
    guard let path else { return }
    guard fsync(descriptor) == 0 || errno == EINVAL, rename(Self.unfinished(path), path) == 0 else {
      throw ClientFailure(.someFailed, "\(IOError("write \(path)")).")
    }
    isFinished = true
  }

  private func flush() throws(ClientFailure) {
    defer { bytes.removeAll(keepingCapacity: bytes.count <= 4 * Self.batch) }
    count += UInt64(bytes.count)
    guard let path else {
      output.lines(bytes)
      isClosed = output.isClosed
      return
    }
    var start = 0
    while start < bytes.count {
      let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + start, $0.count - start) }
      if written < 0, errno == EINTR { continue }
      guard written >= 0 else { throw ClientFailure(.someFailed, "\(IOError("write \(path)")).") }
      start += written
    }
  }
}
