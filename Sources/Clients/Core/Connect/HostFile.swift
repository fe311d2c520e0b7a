import Bytes
import Glibc

/// Reads files of hosts, and other small files.
enum HostFile {
  /// The hosts in a file, or on stdin if the path is `-`.
  static func read(_ path: String) throws(ClientFailure) -> [String] {
    do throws(IOError) {
      return HostSpecification.lines(String(decoding: try contents(path), as: UTF8.self))
    } catch {
      throw ClientFailure(.usage, "The host file cannot be read: \(error).")
    }
  }

  /// The text of a file, or of stdin if the path is `-`.
  ///
  /// - Parameter what: a noun for the error message.
  static func text(_ path: String, what: String) throws(ClientFailure) -> String {
    do throws(IOError) {
      return String(decoding: try contents(path), as: UTF8.self)
    } catch {
      throw ClientFailure(.usage, "The \(what) cannot be read: \(error).")
    }
  }

  /// The bytes of a file, or of stdin if the path is `-`.
  static func contents(_ path: String) throws(IOError) -> [UInt8] {
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
