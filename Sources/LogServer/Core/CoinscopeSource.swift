import Bytes
import EventLoop
import LogProtocol
import Observations

/// A source in coinscope's format. Its records become native ones, with an id and sequence numbers from this
/// server.
final class CoinscopeSource: ByteStreamHandler, UnfinishedSender {
  private unowned let server: LogServer
  private var stream: ByteStream!
  private let process: UInt32
  private var packer: RecordPacker
  /// The records in the packer that have not been forwarded yet.
  private var run = RecordRun(at: 0, after: 0)
  private(set) var wholeAt = Clock.monotonic()

  /// The source in the server's registry. Nil until the first record arrives, so that a stranger that sends
  /// nothing uses no id and fills no archive.
  private(set) var source: KnownSource?

  init(_ descriptor: Int32, server: LogServer) {
    self.server = server
    process = UInt32(clamping: Socket.credentials(of: descriptor)?.process ?? 0)
    packer = RecordPacker(pool: server.loop.pool)
    stream = ByteStream(descriptor, on: server.loop, handler: self)
  }

  /// Stops reading.
  func pause() { stream.pause() }

  /// Reads again.
  func resume() { stream.resume() }

  /// Handles everything received so far, then closes. The source's later writes fail, so it notices.
  func leave(_ reason: String) {
    stream.drainInput()
    stream.close(.closed(reason))
  }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    let bytes = slice.bytes
    var offset = 0
    stream.expectedCount = 0
    packer.begin()
    defer { server.endForwarding() }
    while bytes.count - offset >= CoinscopeRecord.lengthSize {
      let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
      guard length <= RecordHeader.maximumBodyCount else {
        packer.end(forward)
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
        try append(record)
      } catch {
        packer.end(forward)
        close("malformed record: \(error)")
        return 0
      }
      offset = end
    }
    packer.end(forward)
    if offset > 0 { wholeAt = Clock.monotonic() }
    server.noteTaken(slice.range.count)
    return stream.isOpen ? offset : 0
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    server.removed(self, reason: reason.description)
  }

  /// Appends a record to those that are forwarded together.
  private func append(_ record: UnsafeRawBufferPointer) throws(WireError) {
    if let (header, message) = CoinscopeRecord.message(record) { return append(header, message) }
    let (header, body) = try CoinscopeRecord.native(record.bytes)
    body.withUnsafeBytes { append(header, $0) }
  }

  private func append(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    let source = source ?? admit()
    if run.isEmpty { run = RecordRun(at: 0, after: source.lastSequence) }
    let place = packer.room(header.recordCount, forward)
    var header = header
    header.source = source.id
    header.sequence = run.lastSequence + 1
    header.write(to: place)
    let target = UnsafeMutableRawBufferPointer(start: place + RecordHeader.size, count: body.count)
    target.copyMemory(from: body)
    if header.type == .connection { server.note(header, body: UnsafeRawBufferPointer(target)) }
    run.append(header)
  }

  private func forward(_ slice: ChunkSlice) {
    guard let source else { return }
    let run = run
    self.run = RecordRun(at: 0, after: run.lastSequence)
    server.forward(ForwardedRun(slice, run, isNew: true, of: source))
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
