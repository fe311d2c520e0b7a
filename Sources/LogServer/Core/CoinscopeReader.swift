import EventLoop
import LogProtocol
import Observations

/// A reader in coinscope's format, with the record types of the socket it connected to.
///
/// The format has no gap record, so a slow reader is disconnected, as coinscope does.
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

  /// Bytes queued for the reader and not yet sent.
  var unsentCount: Int { stream.unsentCount }

  /// Whether much is queued although the reader keeps reading.
  var isLagging: Bool { progress.isLagging(stream, limit: server.readerLimit) }

  func holdBegins() { progress.begin(stream) }

  func holdEnds() { progress.end(stream) }

  func streamDidDrain(_ stream: ByteStream) { server.readerDidDrain() }

  func send(_ slice: ChunkSlice) {
    guard stream.unsentCount + slice.range.count <= server.readerLimit, stream.heldCount <= server.heldLimit
    else {
      server.logger.warning("coinscope reader disconnected: too slow, \(stream.unsentCount) bytes queued")
      return close(missing: slice.range.count)
    }
    stream.write(slice)
  }

  /// Disconnects the reader to free memory for the others.
  func giveWay() {
    server.logger.warning("coinscope reader disconnected: too slow, and the queues of all readers are full")
    close(missing: 0)
  }

  private func close(missing bytes: Int) {
    server.missed(records: bytes > 0 ? 1 : 0, bytes: bytes)
    stream.close(.closed("too slow"))
  }

  /// Discards input: a reader in this format sends nothing that matters.
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int { slice.range.count }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { server.removed(self) }
}
