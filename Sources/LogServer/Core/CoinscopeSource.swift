import Bytes
import EventLoop
import LogProtocol
import Observations

/// A source in coinscope's format: its records become native ones here, with an id and sequences of ours.
final class CoinscopeSource: ByteStreamHandler, UnfinishedSender {
  private unowned let server: LogServer
  private var stream: ByteStream!
  private let process: UInt32
  private(set) var wholeAt = Clock.monotonic()

  /// What the server knows it as; nil until it has sent a record, so that strangers who say nothing use up no ids and
  /// fill no archive.
  private(set) var source: KnownSource?

  init(_ descriptor: Int32, server: LogServer) {
    self.server = server
    process = UInt32(clamping: Socket.credentials(of: descriptor)?.process ?? 0)
    stream = ByteStream(descriptor, on: server.loop, handler: self)
  }

  /// Takes nothing for now.
  func pause() { stream.pause() }

  /// Goes on.
  func resume() { stream.resume() }

  /// Takes what has come, and closes. What it sends afterwards it notices that nobody takes.
  func leave(_ reason: String) {
    stream.drainInput()
    stream.close(.closed(reason))
  }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    let bytes = slice.bytes
    var offset = 0
    stream.expectedCount = 0
    defer { server.endForwarding() }
    while bytes.count - offset >= CoinscopeRecord.lengthSize {
      let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
      guard length <= RecordHeader.maximumBodyCount else {
        close("a record's length is \(length), more than \(RecordHeader.maximumBodyCount)")
        return 0
      }
      let end = offset + CoinscopeRecord.lengthSize + length
      guard end <= bytes.count else {
        stream.expectedCount = end - offset
        break
      }
      do throws(WireError) {
        let record = UnsafeRawBufferPointer(rebasing: bytes[offset + CoinscopeRecord.lengthSize..<end])
        forward(try CoinscopeRecord.native(record.bytes))
      } catch {
        close("malformed record: \(error)")
        return 0
      }
      offset = end
    }
    if offset > 0 { wholeAt = Clock.monotonic() }
    server.noteTaken(slice.range.count)
    return stream.isOpen ? offset : 0
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    server.removed(self, reason: reason.description)
  }

  private func forward(_ record: (header: RecordHeader, body: [UInt8])) {
    let source = source ?? admit()
    var header = record.header
    header.source = source.id
    header.bodyCount = record.body.count
    header.sequence = source.lastSequence + 1
    let bytes = header.record(body: record.body)
    let chunk = Chunk(capacity: bytes.count)
    bytes.withUnsafeBytes { chunk.base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    let slice = ChunkSlice(chunk, 0..<bytes.count)
    if header.type == .connection {
      server.note(header, body: UnsafeRawBufferPointer(rebasing: slice.bytes.dropFirst(RecordHeader.size)))
    }
    server.forward(ForwardedRun(header, [slice], isNew: true, of: source))
  }

  private func admit() -> KnownSource {
    let description = SourceDescription(
      instance: .random(in: 1 ... .max),
      process: process,
      kind: "coinscope",
      name: "",
      version: ""
    )
    let source = server.admit(description, formerID: 0, link: nil)
    self.source = source
    return source
  }

  var unfinishedCount: Int { stream.unconsumedHeldCount }

  func refuse(_ reason: String) { close(reason) }

  private func close(_ reason: String) {
    let label = source.map { "\($0.id)" } ?? "of process \(process)"
    server.logger.error("coinscope source \(label) closed: \(reason)")
    stream.close(.closed(reason))
  }
}
