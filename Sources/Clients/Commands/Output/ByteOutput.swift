import Bytes
import Glibc

/// A file or the standard output, to which a tool writes bytes.
///
/// A regular file is written as `PATH.part` and renamed when it is complete. Anything else that exists at the
/// path, such as a pipe or a device, is written in place and never replaced.
public final class ByteOutput {
  /// The bytes that wait for the next flush.
  public var bytes: [UInt8] = []

  /// Whether the reader of the output has closed it.
  public private(set) var isClosed = false

  /// Bytes flushed so far.
  public private(set) var count: UInt64 = 0

  private let path: String?
  private let output: Output
  private let descriptor: Int32

  private static let batch = 256 << 10

  /// Opens a file, or the standard output if `path` is nil or `-`.
  ///
  /// - Throws: `ClientFailure` if the file cannot be opened, or exists and `replaces` is false.
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
        throw ClientFailure(.someFailed, "\(path) exists already; --force replaces it.")
      }
      self.path = target
      descriptor = open(Self.unfinished(target), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { throw ClientFailure(.someFailed, "\(IOError("open \(path)")).") }
  }

  /// The kind of file at a path.
  public enum Place: Equatable {
    /// A regular file, or nothing yet; the path has its symbolic links resolved.
    case file(String, exists: Bool)
    /// A pipe, a device or a directory, which cannot be replaced.
    case special
  }

  /// Returns the kind of file at a path.
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

  /// Whether no `.part` file is left to rename.
  private var isFinished = false

  private static func unfinished(_ path: String) -> String { path + ".part" }

  /// Flushes if 256 KiB or more are waiting; returns false if the reader has closed the output.
  public func flushIfMuch() throws(ClientFailure) -> Bool {
    if bytes.count >= Self.batch { try flush() }
    return !isClosed
  }

  /// Flushes the rest and gives the file its name.
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
