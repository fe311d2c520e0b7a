import Bytes
import Glibc

/// Blocking reads of whole files, outside the event loop.
enum FileInput {
  /// Returns all bytes of a file.
  ///
  /// - Throws: `IOError`; EFBIG if the file has more than `maximum` bytes.
  static func read(_ path: String, maximum: Int) throws(IOError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOError("open \(path)") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
    defer { chunk.deallocate() }
    while true {
      let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw IOError("read \(path)") }
      guard count > 0 else { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= maximum else { throw IOError("read \(path)", code: EFBIG) }
    }
  }
}
