internal import Glibc

/// Reads whole text files of the operator.
enum TextFile {
  /// The most bytes of a file. A longer one is probably the wrong file.
  static let limit = 16 << 20

  /// Reads a file of UTF-8 text without NUL bytes.
  ///
  /// - Parameters:
  ///   - path: the file's path; a pipe is accepted too.
  ///   - what: the kind of file, for errors.
  ///   - remedy: the remedy if the file is missing.
  static func read(_ path: String, what: String, remedy: String) throws(ConfigurationError) -> String {
    func failure(_ kind: ConfigurationError.Kind, _ reason: String, _ remedy: String) -> ConfigurationError {
      ConfigurationError(kind, origin: .file(path, line: nil), reason: reason, remedy: remedy)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      let code = errno
      if code == ENOENT { throw failure(.missingFile, "there is no such \(what) file", remedy) }
      let reason = "the \(what) file cannot be opened: \(String(cString: strerror(code)))"
      throw failure(.unreadableFile, reason, "allow this user to read it")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { break }
      if count < 0, errno == EINTR { continue }
      if count < 0 {
        let reason = "the \(what) file cannot be read: \(String(cString: strerror(errno)))"
        throw failure(.unreadableFile, reason, "name a text file")
      }
      bytes += chunk[..<count]
      if bytes.count > limit {
        throw failure(.unreadableFile, "the \(what) file is longer than \(limit) bytes", "name a text file")
      }
    }
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw failure(.unreadableFile, "the \(what) file is not UTF-8 text", "name a text file")
    }
    return text
  }
}
