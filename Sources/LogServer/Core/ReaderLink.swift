import Bytes
import EventLoop
import LogProtocol
import Observations

/// The connection of one native reader.
final class ReaderLink: ByteStreamHandler, UnfinishedSender {
  private unowned let server: LogServer
  private var stream: ByteStream!
  private let peer: String
  private var saidGoodbye = false
  private(set) var wholeAt = Clock.monotonic()
  private var isRefused = false
  private var greeting: TimerWatcher?
  private var deadline: TimerWatcher?

  /// What the reader wants; nil until it has said so.
  private(set) var subscription: Subscription?

  /// How far an archiving reader has acknowledged, by instance.
  private(set) var acknowledged: [UInt64: UInt64] = [:]

  /// The last sequence queued for an archiving reader, by instance.
  private(set) var queued: [UInt64: UInt64] = [:]

  /// How far an archiving reader had come when it subscribed.
  private var positions: [ArchivePosition] = []

  /// The instances that were asked to send again what this reader lacks, and have not begun to: what they
  /// send until then comes again after it, so that the reader gets everything in order.
  private var awaited: Set<UInt64> = []

  private var filter = RecordFilter(Subscription())
  private var selection = RecordFilter.Selection()
  private var isSkipping = false
  private var skipsUntilDrained = false

  /// Whether an archiving reader has fallen so far behind that it gets nothing more until it has taken what waits: the
  /// sources keep the records, and then send them again.
  private(set) var isLapsed = false
  private var gaps: [UInt32: Gap] = [:]
  private var waiting = WaitingRecords()
  private var progress = ReaderProgress()

  /// How many bytes of wanted records must lie next to each other for being sent by reference: copying less costs
  /// less, and a reference keeps the whole chunk.
  private static let referenceMinimum = 32 << 10

  init(_ descriptor: Int32, peer: String, server: LogServer) {
    self.server = server
    self.peer = peer
    stream = ByteStream(descriptor, on: server.loop, handler: self)
    let time = server.greetingTime
    greeting = TimerWatcher(on: server.loop) { [unowned self] in refuse("no subscription in \(time) s") }
    greeting?.start(after: time)
  }

  var isArchiving: Bool { subscription?.isArchiving ?? false }

  /// Bytes of the stream that the reader's socket has taken.
  var sentCount: UInt64 { stream.bytesSent }

  /// Whether so much waits for an archiving reader that sources are to be held up: half of what may.
  var isFull: Bool {
    isArchiving && !isLapsed && !isRefused
      && (stream.unsentCount > server.readerLimit / 2 || stream.heldCount > server.heldLimit / 2)
  }

  /// Whether it is still too full for sources to go on: a quarter of what may wait.
  var isFilled: Bool {
    isArchiving && !isLapsed && !isRefused
      && (stream.unsentCount > server.readerLimit / 4 || stream.heldCount > server.heldLimit / 4)
  }

  var unsentCount: Int { stream.unsentCount }

  /// Bytes of memory that what waits for the reader keeps.
  var heldCount: Int { stream.heldCount }

  /// Whether much waits for it, though it reads.
  var isLagging: Bool { !isSkipping && progress.isLagging(stream, limit: server.readerLimit) }

  func holdBegins() { progress.begin(stream) }

  func holdEnds() { progress.end(stream) }

  // MARK: Records

  /// Offers whole records; it gets those that it wants and does not have.
  func offer(_ run: ForwardedRun) {
    guard let subscription, !isRefused else { return }
    var position: UInt64 = 0
    if subscription.isArchiving {
      let instance = run.source.description.instance
      position = queued[instance, default: 0]
      guard !isLapsed, run.sequences.upperBound > position, !awaited.contains(instance) else { return }
    } else if !run.isNew {
      return
    }
    let source = run.source.id
    if filter.takesEverything, run.sequences.lowerBound > position {
      let records = WaitingRecords.Entry(source, run.sequences, count: run.count, byteCount: run.byteCount)
      guard take(records, of: run) else { return }
      for piece in run.pieces { stream.write(piece) }
    } else {
      filter.select(
        of: run.pieces[0].bytes,
        count: run.count,
        source: source,
        after: position,
        into: &selection
      )
      guard selection.count > 0 else { return }
      let records = WaitingRecords.Entry(
        source,
        selection.firstSequence...selection.lastSequence,
        count: selection.count,
        byteCount: selection.byteCount
      )
      guard take(records, of: run) else { return }
      if run.pieces.count > 1 {
        for piece in run.pieces { stream.write(piece) }
      } else {
        for range in selection.ranges { write(range, of: run.pieces[0]) }
      }
    }
  }

  private func write(_ range: Range<Int>, of records: ChunkSlice) {
    if range.count < Self.referenceMinimum {
      stream.write(UnsafeRawBufferPointer(rebasing: records.bytes[range]))
    } else {
      let start = records.range.lowerBound
      stream.write(ChunkSlice(records.chunk, start + range.lowerBound..<start + range.upperBound))
    }
  }

  /// Whether records shall be written now: not where too much waits already. Then they are counted, or the reader
  /// is disconnected.
  private func take(_ records: WaitingRecords.Entry, of run: ForwardedRun) -> Bool {
    let limit = server.readerLimit
    let heldLimit = server.heldLimit
    if subscription?.isArchiving == true {
      let isTooMuch = stream.unsentCount + records.byteCount > limit || stream.heldCount > heldLimit
      // A record that is more than the limit by itself is taken alone.
      if isTooMuch, stream.unsentCount > 0 { lapse() }
      guard !isLapsed, !isRefused else { return false }
      queued[run.source.description.instance] = records.sequences.upperBound
      waiting.append(records, at: stream.writtenCount, sent: stream.bytesSent)
      return true
    }
    if isSkipping, !skipsUntilDrained, stream.unsentCount <= limit / 2, stream.heldCount <= heldLimit / 2 {
      endSkipping()
    }
    if !isSkipping, stream.unsentCount + records.byteCount > limit || stream.heldCount > heldLimit {
      guard subscription?.slowPolicy == .gap else {
        refuse("reader too slow: \(stream.unsentCount) bytes wait")
        return false
      }
      server.logger.warning("reader \(peer) is too slow: it misses records from now on")
      isSkipping = true
    }
    guard !isSkipping else {
      miss(records)
      return false
    }
    waiting.append(records, at: stream.writtenCount, sent: stream.bytesSent)
    return true
  }

  /// Writes records that the server made, whatever waits.
  func send(_ bytes: [UInt8]) {
    waiting.append(nil, count: bytes.count, at: stream.writtenCount, sent: stream.bytesSent)
    stream.write(bytes)
  }

  /// Gives an archiving reader nothing more until it has taken what waits.
  func lapse() {
    guard !isLapsed, !isRefused else { return }
    guard subscription?.slowPolicy == .gap else {
      return refuse("reader too slow: \(stream.unsentCount) bytes wait")
    }
    isLapsed = true
    server.logger.warning("archiving reader \(peer) is too slow: sources keep what it gets later")
    if stream.unsentCount == 0 { catchUp() }
  }

  /// An archiving reader has taken what waited: has sources send again what it was not given.
  private func catchUp() {
    isLapsed = false
    server.logger.notice("archiving reader \(peer) has caught up with what waited for it")
    server.rewindSources(for: self)
  }

  /// Tells an archiving reader that it does not get a source's records up to `sequence`, as nobody has them.
  func forgo(_ source: KnownSource, upTo sequence: UInt64) {
    let instance = source.description.instance
    awaited.remove(instance)
    let position = queued[instance, default: 0]
    guard position < sequence else { return }
    queued[instance] = sequence
    let missing = position + 1...sequence
    let gap = Gap(
      source: source.id,
      sequences: missing,
      count: sequence - position,
      byteCount: 0,
      cause: .heldByNobody
    )
    server.missed(records: Int(clamping: gap.count), bytes: 0)
    tell(gap, at: Clock.now())
  }

  /// Lets go of what waits, so that there is memory for others; but for the record that is being sent, and what
  /// the server said itself. Where the reader wants that, it leaves.
  func giveWay() {
    guard subscription?.slowPolicy == .gap else {
      return refuse("reader too slow: too much waits for all readers, for it \(stream.unsentCount) bytes")
    }
    guard dropWaiting() else { return }
    if isArchiving { return lapse() }
    server.logger.warning(
      "reader \(peer) is the slowest: it gives way to others, and misses records from now on"
    )
    isSkipping = true
    skipsUntilDrained = stream.unsentCount > 0
  }

  /// Lets go of the records that wait, but for the one that is being sent, and counts them; returns whether there
  /// were any. What the server says itself still waits.
  private func dropWaiting() -> Bool {
    let dropped = waiting.removeUnsent(sent: stream.bytesSent)
    guard let first = dropped.first else { return false }
    let words = dropped.filter { $0.records == nil }.map { place in
      let start = Int(place.start - stream.bytesSent)
      return stream.unsentBytes(start..<start + place.count)
    }
    stream.dropUnsent(keeping: Int(first.start - stream.bytesSent))
    for word in words { send(word) }
    for case let records? in dropped.map(\.records) { miss(records) }
    return true
  }

  private func miss(_ records: WaitingRecords.Entry) {
    if isArchiving {
      // Its source has it, and sends it again.
      guard let instance = server.instance(of: records.source) else { return }
      queued[instance] = min(queued[instance, default: 0], records.sequences.lowerBound - 1)
      return
    }
    server.missed(records: records.count, bytes: records.byteCount)
    var gap =
      gaps[records.source]
      ?? Gap(
        source: records.source,
        sequences: records.sequences,
        count: 0,
        byteCount: 0,
        cause: .slowReader
      )
    gap.sequences =
      min(
        gap.sequences.lowerBound,
        records.sequences.lowerBound
      )...max(gap.sequences.upperBound, records.sequences.upperBound)
    gap.count += UInt64(records.count)
    gap.byteCount += UInt64(records.byteCount)
    gaps[records.source] = gap
  }

  private func endSkipping() {
    isSkipping = false
    skipsUntilDrained = false
    let now = Clock.now()
    for (_, gap) in gaps.sorted(by: { $0.key < $1.key }) { tell(gap, at: now) }
    gaps = [:]
  }

  private func tell(_ gap: Gap, at time: UInt64) {
    let body = MetaBody.gap(gap).body
    send(RecordHeader(type: .meta, time: time, bodyCount: body.count).record(body: body))
    server.logger.warning("reader \(peer) missed \(gap.count) records of source \(gap.source)")
  }

  // MARK: The reader's own words

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var cursor = RecordCursor(slice.bytes)
    do {
      while stream.isOpen, let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: slice.bytes[range].dropFirst(RecordHeader.size))
        guard header.type == .meta, let link = try LinkMessage(body.bytes) else {
          throw WireError(.invalid("is \(header.type.rawValue), no reader's"), field: "type", offset: 24)
        }
        try handle(link)
      }
    } catch {
      refuse("record at byte \(cursor.offset) of a read: \(error)")
    }
    // A reader has little to say; a long claim is not believed.
    stream.expectedCount = min(cursor.neededCount, 1 << 20)
    if cursor.neededCount > 1 << 20, stream.isOpen {
      refuse("a record of \(cursor.neededCount) bytes is too long")
    }
    if cursor.offset > 0 { wholeAt = Clock.monotonic() }
    server.noteTaken(slice.range.count)
    return stream.isOpen ? cursor.offset : 0
  }

  func streamDidDrain(_ stream: ByteStream) {
    if isSkipping { endSkipping() }
    if isLapsed { catchUp() }
    server.readerDidDrain()
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    server.removed(self, saidGoodbye: saidGoodbye, reason: reason.description)
  }

  private func handle(_ link: LinkMessage) throws(WireError) {
    greeting?.cancel()
    switch link {
    case .subscribe(let subscription, let positions): subscribe(subscription, positions)
    case .acknowledge(let sequences):
      for (id, sequence) in sequences {
        guard let instance = server.instance(of: id) else { continue }
        acknowledged[instance] = max(acknowledged[instance, default: 0], sequence)
      }
      server.acknowledgeSoon()
    case .goodbye:
      saidGoodbye = true
      stream.close(.closed("goodbye"))
    case .statusRequest where stream.unsentCount > server.readerLimit:
      refuse("reader asks, and does not read the answers")
    case .statusRequest:
      send(LinkMessage.status(server.status).record(at: Clock.now()))
    case .hello, .grant, .refusal, .rewind, .rewound, .status:
      throw WireError(.invalid("is not a reader's to say"), field: "meta code", offset: RecordHeader.size)
    }
  }

  private func subscribe(_ subscription: Subscription, _ positions: [ArchivePosition]) {
    let isFirst = self.subscription == nil
    self.subscription = subscription
    filter = RecordFilter(subscription)
    if isFirst {
      let now = Clock.now()
      send(StreamPreamble.bytes(createdAt: now) + server.table.records(at: now))
    }
    guard subscription.isArchiving else { return }
    // What it said of others when it subscribed before is of no use to anybody.
    if !isFirst {
      queued = queued.filter { server.knows($0.key) }
      acknowledged = acknowledged.filter { server.knows($0.key) }
    }
    for position in positions {
      queued[position.instance] = max(queued[position.instance, default: 0], position.sequence)
      acknowledged[position.instance] = max(acknowledged[position.instance, default: 0], position.sequence)
    }
    self.positions = positions
    server.resume(self)
    server.tellUnreturned(to: self)
  }

  /// How far an archiving reader had come when it subscribed; nothing when asked again.
  func takePositions() -> [ArchivePosition] {
    defer { positions = [] }
    return positions
  }

  /// Waits for what `source` sends again.
  func awaitRewind(of source: KnownSource) { awaited.insert(source.description.instance) }

  /// An instance never comes back.
  func forget(_ instance: UInt64) {
    queued[instance] = nil
    acknowledged[instance] = nil
  }

  /// `source` begins to send again.
  func rewound(_ source: KnownSource) { awaited.remove(source.description.instance) }

  var unfinishedCount: Int { stream.unconsumedHeldCount }

  /// Refuses, says why, and closes; what waits is let go of, so that one that reads learns of it soon.
  func refuse(_ reason: String) {
    guard !isRefused else { return }
    isRefused = true
    greeting?.cancel()
    server.logger.error("reader \(peer) refused: \(reason)")
    _ = dropWaiting()
    send(LinkMessage.refusal(reason).record(at: Clock.now()))
    stream.closeAfterWriting(reason)
    // One that does not read would hold the connection for ever.
    deadline = TimerWatcher(on: server.loop) { [unowned self] in stream.close(.closed(reason)) }
    deadline?.start(after: 5)
  }
}
