import EventLoop
import LogProtocol
import Observations

/// A reader in coinscope's format, with the interest of the socket it came by.
///
/// Its format has no gap record: one that is too slow is disconnected, as coinscope does.
final class CoinscopeReader: ByteStreamHandler {
  private unowned let server: LogServer
  private var stream: ByteStream!
  let types: RecordType
  private var progress = ReaderProgress()

  init(_ descriptor: Int32, types: RecordType, server: LogServer) {
    self.server = server
    self.types = types
    stream = ByteStream(descriptor, on: server.loop, handler: self)
  }

  var heldCount: Int { stream.heldCount }

  /// Bytes that wait for it.
  var unsentCount: Int { stream.unsentCount }

  /// Whether much waits for it, though it reads.
  var isLagging: Bool { progress.isLagging(stream, limit: server.readerLimit) }

  func holdBegins() { progress.begin(stream) }

  func holdEnds() { progress.end(stream) }

  func streamDidDrain(_ stream: ByteStream) { server.readerDidDrain() }

  func send(_ slice: ChunkSlice) {
    guard stream.unsentCount + slice.range.count <= server.readerLimit, stream.heldCount <= server.heldLimit
    else {
      server.logger.warning("coinscope reader disconnected: too slow, \(stream.unsentCount) bytes wait")
      return close(missing: slice.range.count)
    }
    stream.write(slice)
  }

  /// Leaves, so that there is memory for others.
  func giveWay() {
    server.logger.warning("coinscope reader disconnected: too slow, and too much waits for all readers")
    close(missing: 0)
  }

  private func close(missing bytes: Int) {
    server.missed(records: bytes > 0 ? 1 : 0, bytes: bytes)
    stream.close(.closed("too slow"))
  }

  /// Such a reader says nothing; whatever it sends is let go.
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int { slice.range.count }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { server.removed(self) }
}
