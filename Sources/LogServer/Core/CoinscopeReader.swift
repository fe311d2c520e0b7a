import EventLoop
import LogProtocol

/// A reader in coinscope's format, with the interest of the socket it came by.
///
/// Its format has no gap record: one that is too slow is disconnected, as coinscope does.
final class CoinscopeReader: ByteStreamHandler {
  private unowned let server: LogServer
  private var stream: ByteStream!
  let types: RecordType

  init(_ descriptor: Int32, types: RecordType, server: LogServer) {
    self.server = server
    self.types = types
    stream = ByteStream(descriptor, on: server.loop, handler: self)
  }

  func send(_ bytes: [UInt8]) {
    guard stream.unsentCount + bytes.count <= server.readerLimit else {
      server.logger.warning("coinscope reader disconnected: too slow, \(stream.unsentCount) bytes wait")
      server.missed(bytes: bytes.count)
      return stream.close(.closed("too slow"))
    }
    stream.write(bytes)
  }

  /// Such a reader says nothing; whatever it sends is let go.
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int { slice.range.count }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { server.removed(self) }
}
