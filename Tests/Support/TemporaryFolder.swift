import Foundation

/// A folder for one test. It is deleted with its last reference.
public final class TemporaryFolder: Sendable {
  /// The folder's path, with a slash at the end; short enough for sockets below it.
  public let path: String

  /// Creates the folder.
  public init() {
    path = "/tmp/netmine-\(getpid())-\(UInt32.random(in: 0 ... .max))/"
    precondition(mkdir(path, 0o755) == 0)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file; returns its path.
  @discardableResult
  public func write(_ bytes: [UInt8], to name: String) -> String {
    precondition(FileManager.default.createFile(atPath: path + name, contents: Data(bytes)), "write \(name)")
    return path + name
  }

  /// Writes a text file; returns its path.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: path + name, atomically: false, encoding: .utf8)
    return path + name
  }

  /// A file's bytes; empty if it cannot be read.
  public func bytes(_ name: String) -> [UInt8] {
    FileManager.default.contents(atPath: path + name).map(Array.init) ?? []
  }

  /// Sorted names of the folder's entries.
  public var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// A file's text.
  public func read(_ name: String) throws -> String {
    try String(contentsOfFile: path + name, encoding: .utf8)
  }
}
