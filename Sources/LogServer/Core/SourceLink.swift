import Bytes
import EventLoop
import LogProtocol

/// The connection of one native source.
final class SourceLink: ByteStreamHandler {
  private unowned let server: LogServer
  private var stream: ByteStream!
  private(set) var source: KnownSource?
  private var lastReceived: UInt64 = 0
  private var rewinding: [ReaderLink] = []
  private var saidGoodbye = false
  private let peer: String

  init(_ descriptor: Int32, peer: String, server: LogServer) {
    self.server = server
    self.peer = peer
    stream = ByteStream(descriptor, on: server.loop, handler: self)
  }

  func acknowledge(_ sequence: UInt64) {
    guard let source else { return }
    stream.write(LinkMessage.acknowledge([source.id: sequence]).record(at: Clock.now()))
  }

  /// Asks for what the source holds after `sequence`, once more; `reader` waits for it.
  func rewind(after sequence: UInt64, for reader: ReaderLink) {
    rewinding.append(reader)
    stream.write(LinkMessage.rewind(after: sequence).record(at: Clock.now()))
  }

  /// Refuses, says why, and closes.
  func refuse(_ reason: String) {
    server.logger.error("source \(label) refused: \(reason)")
    stream.write(LinkMessage.refusal(reason).record(at: Clock.now()))
    stream.closeAfterWriting(reason)
  }

  func close(_ reason: String) { stream.close(.closed(reason)) }

  private var label: String { source.map { "\($0.id) (\($0.description.kind))" } ?? "at \(peer)" }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var cursor = RecordCursor(slice.bytes)
    do {
      while stream.isOpen, let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: slice.bytes[range].dropFirst(RecordHeader.size))
        if header.sequence == 0 {
          try handle(header, body)
        } else {
          try accept(header)
          if header.type == .meta { try check(body) }
          let start = slice.range.lowerBound
          let whole = ChunkSlice(slice.chunk, start + range.lowerBound..<start + range.upperBound)
          server.forward(whole, header, body: body, from: source!)
        }
      }
    } catch {
      refuse("record at byte \(cursor.offset) of a read: \(error)")
    }
    server.endForwarding()
    stream.expectedCount = cursor.neededCount
    return cursor.offset
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    server.removed(self, saidGoodbye: saidGoodbye, reason: saidGoodbye ? "" : reason.description)
  }

  private func handle(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) throws(WireError) {
    guard header.type == .meta, let link = try LinkMessage(body.bytes) else {
      throw WireError(.invalid("is 0, which no record of a source has"), field: "sequence", offset: 16)
    }
    switch link {
    case .hello(let description, let formerSource, _, _):
      guard source == nil else {
        throw WireError(.invalid("was said before"), field: "hello", offset: RecordHeader.size)
      }
      let source = server.admit(description, formerID: formerSource, link: self)
      self.source = source
      lastReceived = server.resumption(of: source)
      let now = Clock.now()
      stream.write(StreamPreamble.bytes(createdAt: now))
      stream.write(
        LinkMessage.grant(source: source.id, server: server.instance, resumeAfter: lastReceived)
          .record(at: now)
      )
    case .rewound:
      guard let source, !rewinding.isEmpty else {
        throw WireError(.invalid("was not asked for"), field: "rewound", offset: RecordHeader.size)
      }
      rewinding.removeFirst().rewound(source)
      lastReceived = 0
    case .goodbye:
      saidGoodbye = true
      stream.close(.closed("goodbye"))
    case .grant, .acknowledge, .subscribe, .refusal, .rewind, .statusRequest, .status:
      throw WireError(.invalid("is not a source's to say"), field: "meta code", offset: RecordHeader.size)
    }
  }

  /// Checks a record's source and number: it must be our source's, and its number rise, except right after
  /// a rewind.
  private func accept(_ header: RecordHeader) throws(WireError) {
    guard let source, header.source == source.id else {
      throw WireError(.invalid("is \(header.source), not the one granted"), field: "source", offset: 4)
    }
    guard header.sequence > lastReceived else {
      throw WireError(.invalid("is \(header.sequence), after \(lastReceived)"), field: "sequence", offset: 16)
    }
    lastReceived = header.sequence
  }

  /// Checks what a source says of the stream: readers believe what META records say, so that a source may
  /// speak of itself only.
  private func check(_ body: UnsafeRawBufferPointer) throws(WireError) {
    // What cannot be read says nothing to anybody.
    guard let meta = try? MetaBody(body.bytes) else { return }
    switch meta {
    case .openConnection, .clock: return
    case .gap(let gap) where gap.source == 0 || gap.source == source?.id: return
    case .gap, .sourceJoined, .sourceLeft, .rotation:
      throw WireError(.invalid("is not a source's to say"), field: "meta code", offset: RecordHeader.size)
    }
  }
}
