import Bytes
import EventLoop
import Glibc
import LogProtocol

/// A blocking socket, with nothing between the bench and the kernel.
struct BlockingSocket {
  let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Connects to a unix socket.
  init(connectingTo path: String) throws {
    descriptor = try Socket.startConnect(to: .unix(path))
    _ = fcntl(descriptor, F_SETFL, 0)
  }

  /// Listens on a unix socket.
  init(listeningOn path: String) throws {
    descriptor = try Socket.listen(on: .unix(path))
    _ = fcntl(descriptor, F_SETFL, 0)
  }

  func accept() throws -> BlockingSocket {
    let descriptor = Glibc.accept(descriptor, nil, nil)
    guard descriptor >= 0 else { throw IOError("accept") }
    return BlockingSocket(descriptor)
  }

  /// Limits how long a read waits.
  func limitReads(seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Reads up to the buffer's size; returns 0 at the end of the stream, nil after the time limit.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      if errno == EAGAIN { return nil }
      if errno != EINTR { throw IOError("read") }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      guard count >= 0 else {
        if errno == EINTR { continue }
        throw IOError("write")
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Discards received bytes without waiting.
  func discard() {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
      while recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT)) > 0 {}
    }
  }

  /// Reads records until `isFound` returns true. Bytes after that record are lost.
  func readRecords(until isFound: (RecordHeader, UnsafeRawBufferPointer) throws -> Bool) throws {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      guard let count = try read(into: buffer), count > 0 else { throw IOError("read a record", code: EPIPE) }
      bytes += buffer[..<count]
      let (isDone, used) = try bytes.withUnsafeBytes { bytes in
        var cursor = RecordCursor(bytes)
        while let (header, range) = try cursor.next() {
          let body = UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst(RecordHeader.size))
          if try isFound(header, body) { return (true, cursor.offset) }
        }
        return (false, cursor.offset)
      }
      if isDone { return }
      bytes.removeFirst(used)
    }
  }
}
