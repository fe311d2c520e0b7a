import Bytes
import Glibc

/// Writing to files that are not on the event loop.
enum FileOutput {
  /// Writes all bytes; `path` is for the error's words.
  static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(IOError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(IOError) in try write(bytes, to: descriptor, path: path) }
    }
    try result.get()
  }

  /// Writes all bytes; `path` is for the error's words.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(IOError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw IOError("write to \(path)") }
      rest = rest.dropFirst(written)
    }
  }

  /// Writes a file that is there whole or not at all.
  static func replace(_ path: String, with bytes: [UInt8]) throws(IOError) {
    let temporary = path + ".new"
    let descriptor = try create(temporary)
    defer { close(descriptor) }
    try write(bytes, to: descriptor, path: temporary)
    guard rename(temporary, path) == 0 else { throw IOError("rename \(temporary) to \(path)") }
  }

  /// Starts a file anew; returns its descriptor.
  static func create(_ path: String) throws(IOError) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o664)
    guard descriptor >= 0 else { throw IOError("create \(path)") }
    return descriptor
  }
}
