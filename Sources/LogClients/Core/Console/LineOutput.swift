import Bytes
import Glibc

/// Gathers lines and writes them to a descriptor, waiting for whoever reads them.
final class LineOutput {
  /// What waits to be written.
  var bytes: [UInt8] = []

  private let descriptor: Int32

  /// Bytes from which on a writer of many lines should write them out.
  static let batch = 64 << 10

  init(_ descriptor: Int32 = STDOUT_FILENO) { self.descriptor = descriptor }

  /// Writes everything out; false where nobody reads any more.
  func flush() throws(IOError) -> Bool {
    var start = 0
    defer { bytes.removeAll(keepingCapacity: bytes.count <= 4 * Self.batch) }
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + start, $0.count - start) }
      if count >= 0 {
        start += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EPIPE: return false
      case EAGAIN, EWOULDBLOCK:
        // Whoever shares the descriptor has made it non-blocking.
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&entry, 1, -1)
      default: throw IOError("write the output")
      }
    }
    return true
  }
}
