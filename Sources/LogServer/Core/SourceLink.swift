import Bytes
import EventLoop
import LogProtocol
import Observations

/// The connection of one native source.
final class SourceLink: ByteStreamHandler, UnfinishedSender {
  private unowned let server: LogServer
  private var stream: ByteStream!
  private(set) var source: KnownSource?
  private var lastReceived: UInt64 = 0
  private var rewinding: [ReaderLink] = []
  /// Bytes received by half of the rewind time-out; nil before half time.
  private var receivedAtHalfTime: UInt64?
  private var rewindDeadline: TimerWatcher?
  private var partial: PartialRecord?
  private var saidGoodbye = false
  private let peer: String
  private var greeting: TimerWatcher?
  private var oldestHeld: UInt64 = 1
  private(set) var wholeAt = Clock.monotonic()

  /// Longest hello, in bytes: three texts and a few numbers.
  private static let longestHello = 256 << 10

  /// Longest record about the stream or a connection, in bytes. These are copied while they arrive, and are
  /// never long.
  private static let longestStatement = 1 << 20

  /// Most sequence numbers that a source may skip at once: days of dropped records at any rate. After a
  /// longer jump later records could look old, and sums could overflow.
  private static let longestJump: UInt64 = 1 << 40

  /// Highest sequence number allowed in a hello.
  private static let highestSequence: UInt64 = 1 << 62

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

  /// Asks the source to resend the records it holds after `sequence`; `reader` waits for them.
  func rewind(after sequence: UInt64, for reader: ReaderLink) {
    rewinding.append(reader)
    if rewinding.count == 1 { awaitRewound() }
    stream.write(LinkMessage.rewind(after: sequence).record(at: Clock.now()))
  }

  /// Starts the rewind time-out. A source answers a rewind right away. One that sends new records instead
  /// would keep all of its records from an archive.
  private func awaitRewound() {
    receivedAtHalfTime = nil
    if rewindDeadline == nil {
      rewindDeadline = TimerWatcher(on: server.loop) { [unowned self] in lookForRewound() }
    }
    rewindDeadline?.start(after: server.rewindTime / 2)
  }

  private func lookForRewound() {
    guard !rewinding.isEmpty else { return }
    // A source that is held up cannot answer.
    if stream.isPaused { return awaitRewound() }
    guard let before = receivedAtHalfTime else {
      receivedAtHalfTime = stream.bytesReceived
      rewindDeadline?.start(after: server.rewindTime / 2)
      return
    }
    // A silent source may be stopped, and resend everything when it runs again.
    if stream.bytesReceived > before { forgo() }
    refuse("it did not resend the records that an archive lacks within \(server.rewindTime) s")
  }

  /// Makes archives give up the records they lack, as the source sends only new ones.
  private func forgo() {
    guard let source else { return }
    for reader in rewinding { reader.forgo(source, upTo: source.lastSequence) }
    rewinding = []
  }

  /// Bytes received of a record that is not whole yet.
  var partialCount: Int { partial?.receivedCount ?? 0 }

  /// Bytes of memory that an incomplete record uses.
  var unfinishedCount: Int { stream.unconsumedHeldCount + (partial?.heldCount ?? 0) }

  /// Sends the reason and closes.
  func refuse(_ reason: String) {
    greeting?.cancel()
    server.logger.error("source \(label) refused: \(reason)")
    stream.write(LinkMessage.refusal(reason).record(at: Clock.now()))
    stream.closeAfterWriting(reason)
  }

  /// Stops reading, except from a source that has not said hello: it has no records to forward.
  func pause() { if source != nil { stream.pause() } }

  /// Reads again.
  func resume() {
    guard stream.isPaused else { return }
    if !rewinding.isEmpty { awaitRewound() }
    stream.resume()
  }

  func close(_ reason: String) { stream.close(.closed(reason)) }

  private var label: String { source.map { "\($0.id) (\($0.description.kind))" } ?? "at \(peer)" }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var offset = takePartial(slice)
    do throws(WireError) {
      let needed = try forward(slice, from: &offset)
      stream.expectedCount = needed
      if offset > 0, partial == nil { wholeAt = Clock.monotonic() }
      if source == nil, needed > Self.longestHello {
        throw WireError(.invalid("is \(needed), too long for a hello"), field: "length", offset: 0)
      }
      if stream.isOpen, needed > slice.range.count - offset { try keepPartial(slice, &offset) }
    } catch {
      refuse("record at byte \(offset) of a read: \(error)")
    }
    server.endForwarding()
    server.noteTaken(slice.range.count)
    return stream.isOpen ? offset : 0
  }

  /// Forwards whole records from `offset` on, and moves it to the first incomplete record. Returns the least
  /// number of bytes that record needs.
  private func forward(_ slice: ChunkSlice, from offset: inout Int) throws(WireError) -> Int {
    let bytes = slice.bytes
    var run = RecordRun(at: offset, after: lastReceived)
    var isNew = true
    // Forward the valid records before an error.
    defer { pass(run, of: slice, isNew: isNew) }
    while stream.isOpen {
      if let source {
        if run.isEmpty { isNew = lastReceived >= source.lastSequence }
        run.extend(in: bytes, source: source.id, through: isNew ? highestPlausible : source.lastSequence)
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
          if header.type == .meta { try check(header, body) }
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

  /// Adds the start of a read to the incomplete record, if there is one; returns how many bytes belong to it.
  private func takePartial(_ slice: ChunkSlice) -> Int {
    guard let source, let count = partial?.take(slice), let record = partial else { return 0 }
    if record.remaining == 0 {
      partial = nil
      let isNew = record.header.sequence > source.lastSequence
      server.forward(ForwardedRun(record.header, record.pieces, isNew: isNew, of: source))
    }
    return count
  }

  /// Keeps the beginning of a large record by reference if the server need not parse its body.
  private func keepPartial(_ slice: ChunkSlice, _ offset: inout Int) throws(WireError) {
    guard slice.range.count - offset >= PartialRecord.minimum else { return }
    let bytes = UnsafeRawBufferPointer(rebasing: slice.bytes[offset...])
    let header = RecordHeader(checked: bytes)
    guard header.sequence != 0, header.type != .meta, header.type != .connection else {
      guard header.recordCount <= Self.longestStatement else {
        throw WireError(
          .invalid("is \(header.recordCount), too long for its type"),
          field: "length",
          offset: 0
        )
      }
      return
    }
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
      throw WireError(.invalid("is 0; a source's records start at 1"), field: "sequence", offset: 16)
    }
    switch link {
    case .hello(let description, let formerSource, let next, let oldest, let secret):
      guard source == nil else {
        throw WireError(.invalid("was already sent"), field: "hello", offset: RecordHeader.size)
      }
      guard (1...Self.highestSequence).contains(oldest), (oldest...Self.highestSequence).contains(next) else {
        throw WireError(.invalid("are \(oldest) and \(next)"), field: "sequences", offset: RecordHeader.size)
      }
      guard let secret else {
        return refuse("hello without a secret: update this source to Netmine 0.2 or later")
      }
      guard secret.instance == description.instance, server.isProven(description.instance, by: secret) else {
        return refuse("the secret does not match instance \(description.instance)")
      }
      let source = server.admit(
        description,
        formerID: formerSource,
        proof: secret.digest,
        holding: next - oldest,
        link: self
      )
      self.source = source
      oldestHeld = oldest
      greeting?.cancel()
      if server.isPaused { stream.pause() }
      lastReceived = server.resumption(of: source)
      let now = Clock.now()
      stream.write(StreamPreamble.bytes(createdAt: now))
      stream.write(
        LinkMessage.grant(source: source.id, server: server.instance, resumeAfter: lastReceived)
          .record(at: now)
      )
    case .rewound:
      guard let source, !rewinding.isEmpty else {
        throw WireError(.invalid("was not requested"), field: "rewound", offset: RecordHeader.size)
      }
      rewinding.removeFirst().rewound(source)
      if rewinding.isEmpty { rewindDeadline?.cancel() } else { awaitRewound() }
      lastReceived = 0
    case .goodbye:
      saidGoodbye = true
      stream.close(.closed("goodbye"))
    case .grant, .acknowledge, .subscribe, .refusal, .rewind, .statusRequest, .status:
      throw WireError(.invalid("is not valid from a source"), field: "meta code", offset: RecordHeader.size)
    }
  }

  /// Checks a record's source, sequence number and kind. The source must be the one granted. The number must
  /// rise, except right after a rewind. An archive with a record of an unknown kind would count as damaged.
  private func accept(
    _ header: RecordHeader,
    _ bytes: UnsafeRawBufferPointer
  ) throws(WireError) -> KnownSource {
    try RecordHeader.checkKind(of: bytes)
    guard let source, header.source == source.id else {
      throw WireError(.invalid("is \(header.source), not the one granted"), field: "source", offset: 4)
    }
    guard header.sequence <= highestPlausible else {
      throw WireError(
        .invalid("is \(header.sequence), after \(source.lastSequence)"),
        field: "sequence",
        offset: 16
      )
    }
    guard header.sequence > lastReceived else {
      throw WireError(.invalid("is \(header.sequence), after \(lastReceived)"), field: "sequence", offset: 16)
    }
    lastReceived = header.sequence
    return source
  }

  /// The highest sequence number allowed for the next record.
  private var highestPlausible: UInt64 {
    max(lastReceived, source?.lastSequence ?? 0, oldestHeld - 1) + Self.longestJump
  }

  /// Checks a source's META record. Readers trust META records, so a source may describe only itself, and
  /// only gaps before the record itself.
  private func check(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) throws(WireError) {
    guard let code = body.first, MetaBody.codes.contains(code) || code >= 0x80 else { return }
    switch try MetaBody(body.bytes) {
    case .openConnection, .clock: return
    case .gap(let gap) where gap.source == 0 || gap.source == source?.id:
      guard gap.sequences.upperBound < header.sequence else {
        throw WireError(
          .invalid("is \(gap.sequences.upperBound), not before the record's own \(header.sequence)"),
          field: "last sequence",
          offset: RecordHeader.size
        )
      }
    case .gap, .sourceJoined, .sourceLeft, .rotation:
      throw WireError(.invalid("is not valid from a source"), field: "meta code", offset: RecordHeader.size)
    }
  }
}
