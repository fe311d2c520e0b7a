import Bytes
import EventLoop
import Glibc
import LogProtocol

/// A connection to the log server that sends any bytes.
struct RawSocket {
  let descriptor: Int32

  /// Connects to a unix socket.
  init(_ path: String) throws {
    descriptor = try Socket.startConnect(to: .unix(path))
    _ = fcntl(descriptor, F_SETFL, 0)
  }

  func close() { Glibc.close(descriptor) }

  /// Writes all bytes, or as many as the other end accepts before it closes.
  func write(_ bytes: [UInt8]) throws {
    var offset = 0
    while offset < bytes.count {
      let count = bytes[offset...].withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EPIPE || errno == ECONNRESET { return }
        throw IOError("write")
      }
      offset += count
    }
  }

  /// Reads link messages, and skips records, until `body` returns false or the connection ends.
  ///
  /// - Returns: whether the other end closed the connection; false after `seconds` without data, or if `body`
  ///   returned false.
  @discardableResult
  func read(seconds: Int, _ body: (LinkMessage) -> Bool) throws -> Bool {
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var pending: [UInt8] = []
    var space = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &space, space.count, 0)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return false }
      if count <= 0 { return true }
      pending += space[..<count]
      let (used, goesOn) = try pending.withUnsafeBytes { bytes in
        var cursor = RecordCursor(bytes)
        while let (header, range) = try cursor.next() {
          let content = UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst(RecordHeader.size))
          guard header.type == .meta, let link = try LinkMessage(content.bytes) else { continue }
          if !body(link) { return (cursor.offset, false) }
        }
        return (cursor.offset, true)
      }
      guard goesOn else { return false }
      pending.removeFirst(used)
    }
  }
}
