import Bytes
import Glibc

/// Reads files of hosts, and other small files.
public enum HostFile {
  /// The hosts in a file, or on stdin if the path is `-`.
  public static func read(_ path: String) throws(ClientFailure) -> [String] {
    do throws(IOError) {
      return lines(String(decoding: try contents(path), as: UTF8.self))
    } catch {
      throw ClientFailure(.usage, "The host file cannot be read: \(error).")
    }
  }

  /// The hosts in a text, one per line. Ignores empty lines, white space, and everything after `#`.
  public static func lines(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      let host = line.prefix { $0 != "#" }.filter { !$0.isWhitespace }
      return host.isEmpty ? nil : String(host)
    }
  }

  /// The text of a file, or of stdin if the path is `-`.
  ///
  /// - Parameter what: a noun for the error message.
  public static func text(_ path: String, what: String) throws(ClientFailure) -> String {
    do throws(IOError) {
      return String(decoding: try contents(path), as: UTF8.self)
    } catch {
      throw ClientFailure(.usage, "The \(what) cannot be read: \(error).")
    }
  }

  /// The bytes of a file, or of stdin if the path is `-`.
  public static func contents(_ path: String) throws(IOError) -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOError("open \(path)") }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count == 0 { return bytes }
      if count > 0 { bytes += piece[..<count] } else if errno != EINTR { throw IOError("read \(path)") }
    }
  }
}
