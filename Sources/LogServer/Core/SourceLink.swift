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
  private var partial: PartialRecord?
  private var saidGoodbye = false
  private let peer: String
  private var greeting: TimerWatcher?

  init(_ descriptor: Int32, peer: String, server: LogServer) {
    self.server = server
    self.peer = peer
    stream = ByteStream(descriptor, on: server.loop, handler: self)
    let time = server.greetingTime
    greeting = TimerWatcher(on: server.loop) { [unowned self] in refuse("no hello in \(time) s") }
    greeting?.start(after: time)
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

  /// Bytes of a record that have come, and wait for the rest of it.
  var partialCount: Int { partial?.receivedCount ?? 0 }

  /// Refuses, says why, and closes.
  func refuse(_ reason: String) {
    greeting?.cancel()
    server.logger.error("source \(label) refused: \(reason)")
    stream.write(LinkMessage.refusal(reason).record(at: Clock.now()))
    stream.closeAfterWriting(reason)
  }

  /// Takes nothing for now.
  func pause() { stream.pause() }

  /// Goes on.
  func resume() { stream.resume() }

  func close(_ reason: String) { stream.close(.closed(reason)) }

  private var label: String { source.map { "\($0.id) (\($0.description.kind))" } ?? "at \(peer)" }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var offset = takePartial(slice)
    do throws(WireError) {
      let needed = try forward(slice, from: &offset)
      stream.expectedCount = needed
      if stream.isOpen, needed > slice.range.count - offset { try keepPartial(slice, &offset) }
    } catch {
      refuse("record at byte \(offset) of a read: \(error)")
    }
    server.endForwarding()
    return offset
  }

  /// Forwards whole records from `offset` on, and leaves that where the first one is that is not whole; returns how
  /// many bytes that one needs at least.
  private func forward(_ slice: ChunkSlice, from offset: inout Int) throws(WireError) -> Int {
    let bytes = slice.bytes
    var run = RecordRun(at: offset, after: lastReceived)
    var isNew = true
    // What is right before what is wrong is forwarded.
    defer { pass(run, of: slice, isNew: isNew) }
    while stream.isOpen {
      if let source {
        if run.isEmpty { isNew = lastReceived >= source.lastSequence }
        run.extend(in: bytes, source: source.id, through: isNew ? .max : source.lastSequence)
        offset = run.range.upperBound
        lastReceived = run.lastSequence
      }
      guard offset < bytes.count else { return 4 }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      switch try RecordFramer.first(in: rest) {
      case .needsMore(let count): return count
      case .preamble:
        pass(run, of: slice, isNew: isNew)
        offset += StreamPreamble.size
        run = RecordRun(at: offset, after: lastReceived)
      case .record(let count):
        let header = RecordHeader(checked: rest)
        let body = UnsafeRawBufferPointer(rebasing: rest[RecordHeader.size..<count])
        if header.sequence == 0 {
          pass(run, of: slice, isNew: isNew)
          run = RecordRun(at: offset, after: lastReceived)
          try handle(header, body)
          offset += count
          run = RecordRun(at: offset, after: lastReceived)
        } else {
          let source = try accept(header, rest)
          if header.type == .meta { try check(body) }
          let isThisNew = header.sequence > source.lastSequence
          if !run.isEmpty, isThisNew != isNew {
            pass(run, of: slice, isNew: isNew)
            run = RecordRun(at: offset, after: lastReceived)
          }
          isNew = isThisNew
          if isNew { server.note(header, body: body) }
          run.append(header)
          offset += count
        }
      }
    }
    return 0
  }

  private func pass(_ run: RecordRun, of slice: ChunkSlice, isNew: Bool) {
    guard let source, !run.isEmpty else { return }
    let start = slice.range.lowerBound
    let whole = ChunkSlice(slice.chunk, start + run.range.lowerBound..<start + run.range.upperBound)
    server.forward(ForwardedRun(whole, run, isNew: isNew, of: source))
  }

  /// Takes from the start of a read what belongs to a record begun before; returns how much that is.
  private func takePartial(_ slice: ChunkSlice) -> Int {
    guard let source, let count = partial?.take(slice), let record = partial else { return 0 }
    if record.remaining == 0 {
      partial = nil
      let isNew = record.header.sequence > source.lastSequence
      server.forward(ForwardedRun(record.header, record.pieces, isNew: isNew, of: source))
    }
    return count
  }

  /// Keeps the beginning of a large record by reference, where nobody will look into it.
  private func keepPartial(_ slice: ChunkSlice, _ offset: inout Int) throws(WireError) {
    guard slice.range.count - offset >= PartialRecord.minimum else { return }
    let bytes = UnsafeRawBufferPointer(rebasing: slice.bytes[offset...])
    let header = RecordHeader(checked: bytes)
    guard header.sequence != 0, header.type != .meta, header.type != .connection else { return }
    _ = try accept(header, bytes)
    let start = slice.range.lowerBound + offset
    partial = PartialRecord(header, ChunkSlice(slice.chunk, start..<slice.range.upperBound))
    offset = slice.range.count
    stream.expectedCount = 0
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
      greeting?.cancel()
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
  /// a rewind. And its kind, as an archive that holds anything else counts as damaged.
  private func accept(
    _ header: RecordHeader,
    _ bytes: UnsafeRawBufferPointer
  ) throws(WireError) -> KnownSource {
    try RecordHeader.checkKind(of: bytes)
    guard let source, header.source == source.id else {
      throw WireError(.invalid("is \(header.source), not the one granted"), field: "source", offset: 4)
    }
    guard header.sequence > lastReceived else {
      throw WireError(.invalid("is \(header.sequence), after \(lastReceived)"), field: "sequence", offset: 16)
    }
    lastReceived = header.sequence
    return source
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
