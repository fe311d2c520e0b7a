import Bytes
import Glibc

/// Files that a simulation writes as it goes on.
enum FileOutput {
  /// Starts a file anew; returns its descriptor.
  static func create(_ path: String) throws(IOError) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o664)
    guard descriptor >= 0 else { throw IOError("create \(path)") }
    return descriptor
  }

  /// Writes all bytes; a pipe that nobody reads any more is an error, too.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(IOError) {
    guard try DescriptorOutput.write(bytes, to: descriptor, as: path) else {
      throw IOError("write to \(path)", code: EPIPE)
    }
  }
}
