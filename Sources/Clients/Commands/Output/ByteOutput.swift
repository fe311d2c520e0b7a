import Bytes
import Glibc

/// Where a tool writes bytes: a file, which has its name only when it is whole, or the standard output.
///
/// What is there and is no ordinary file, as a pipe or a device, is written to as it is and never replaced.
public final class ByteOutput {
  /// What waits to be written.
  public var bytes: [UInt8] = []

  /// Whether nobody reads it any more.
  public private(set) var isClosed = false

  /// Bytes given so far.
  public private(set) var count: UInt64 = 0

  private let path: String?
  private let output: Output
  private let descriptor: Int32

  private static let batch = 256 << 10

  /// Opens a file, or the standard output where `path` is nil or `-`.
  ///
  /// - Throws: `ClientFailure` where it cannot be written, or is there already and not to be replaced.
  public init(_ path: String?, replaces: Bool = false, _ output: Output) throws(ClientFailure) {
    self.output = output
    guard let path, path != "-" else {
      self.path = nil
      descriptor = -1
      return
    }
    switch Self.place(path) {
    case .special:
      self.path = path
      isFinished = true
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
    case .file(let target, let exists):
      guard replaces || !exists else {
        throw ClientFailure(.someFailed, "\(path) is there already; --force replaces it.")
      }
      self.path = target
      descriptor = open(Self.unfinished(target), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { throw ClientFailure(.someFailed, "\(IOError("open \(path)")).") }
  }

  /// What a path leads to.
  public enum Place: Equatable {
    /// An ordinary file, or none yet: the path without symbolic links.
    case file(String, exists: Bool)
    /// A pipe, a device, a folder: nothing to be replaced.
    case special
  }

  /// Looks at what a path leads to.
  public static func place(_ path: String) -> Place {
    var status = stat()
    guard stat(path, &status) == 0 else { return .file(path, exists: false) }
    guard status.st_mode & S_IFMT == S_IFREG, let target = realpath(path, nil) else { return .special }
    defer { free(target) }
    return .file(String(cString: target), exists: true)
  }

  deinit {
    guard let path, descriptor >= 0 else { return }
    close(descriptor)
    if !isFinished { unlink(Self.unfinished(path)) }
  }

  /// Whether there is nothing left to be renamed.
  private var isFinished = false

  private static func unfinished(_ path: String) -> String { path + ".part" }

  /// Writes out what waits, where that is much; false where nobody reads it any more.
  public func flushIfMuch() throws(ClientFailure) -> Bool {
    if bytes.count >= Self.batch { try flush() }
    return !isClosed
  }

  /// Writes out the rest; a file gets its name.
  public func finish() throws(ClientFailure) {
    try flush()
    guard let path, !isFinished else { return }
    guard fsync(descriptor) == 0 || errno == EINVAL, rename(Self.unfinished(path), path) == 0 else {
      throw ClientFailure(.someFailed, "\(IOError("write to \(path)")).")
    }
    isFinished = true
  }

  private func flush() throws(ClientFailure) {
    defer { bytes.removeAll(keepingCapacity: bytes.count <= 4 * Self.batch) }
    count += UInt64(bytes.count)
    guard let path else {
      output.lines(bytes)
      isClosed = output.isClosed
      if let failure = output.failure { throw ClientFailure(.someFailed, "\(failure).") }
      return
    }
    do throws(IOError) {
      isClosed = try !DescriptorOutput.write(bytes, to: descriptor, as: path)
    } catch {
      throw ClientFailure(.someFailed, "\(error).")
    }
  }
}
