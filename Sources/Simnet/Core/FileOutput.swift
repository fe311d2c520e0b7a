import Bytes
import Glibc

/// Files that a simulation writes while it runs.
enum FileOutput {
  /// Creates or truncates a file (mode 0664 less the umask); returns its descriptor.
  static func create(_ path: String) throws(IOError) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o664)
    guard descriptor >= 0 else { throw IOError("create \(path)") }
    return descriptor
  }

  /// Writes all bytes. A pipe without a reader is an error too (EPIPE).
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(IOError) {
    guard try DescriptorOutput.write(bytes, to: descriptor, as: path) else {
      throw IOError("write to \(path)", code: EPIPE)
    }
  }
}
