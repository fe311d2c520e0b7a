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

  /// The reader's subscription; nil until it has subscribed.
  private(set) var subscription: Subscription?

  /// The last sequence number that an archiving reader has acknowledged, by instance.
  private(set) var acknowledged: [UInt64: UInt64] = [:]

  /// The last sequence number queued for an archiving reader, by instance.
  private(set) var queued: [UInt64: UInt64] = [:]

  /// The positions of an archiving reader when it subscribed.
  private var positions: [ArchivePosition] = []

  /// The instances that were asked to resend records for this reader and have not begun to. Their records
  /// until then are not queued: they are sent again after the rewind, so the reader gets everything in order.
  private var awaited: Set<UInt64> = []

  private var filter = RecordFilter(Subscription())
  private var selection = RecordFilter.Selection()
  private var isSkipping = false
  private var skipsUntilDrained = false

  /// Whether an archiving reader is so far behind that it gets nothing more until its queue is empty. The
  /// sources keep the records and resend them then.
  private(set) var isLapsed = false
  private var gaps: [UInt32: Gap] = [:]
  private var waiting = WaitingRecords()
  private var progress = ReaderProgress()

  /// Least length of adjacent wanted records that are sent by reference, in bytes. Less is cheaper to copy,
  /// and a reference keeps the whole chunk alive.
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

  /// Bytes of the stream that the reader's socket has accepted.
  var sentCount: UInt64 { stream.bytesSent }

  /// Whether an archiving reader's queue is more than half full: then sources are held up.
  var isFull: Bool {
    isArchiving && !isLapsed && !isRefused
      && (stream.unsentCount > server.readerLimit / 2 || stream.heldCount > server.heldLimit / 2)
  }

  /// Whether the queue is still more than a quarter full: then sources stay held up.
  var isFilled: Bool {
    isArchiving && !isLapsed && !isRefused
      && (stream.unsentCount > server.readerLimit / 4 || stream.heldCount > server.heldLimit / 4)
  }

  var unsentCount: Int { stream.unsentCount }

  /// Bytes of memory that the reader's queue keeps alive.
  var heldCount: Int { stream.heldCount }

  /// Whether much is queued although the reader keeps reading.
  var isLagging: Bool { !isSkipping && progress.isLagging(stream, limit: server.readerLimit) }

  func holdBegins() { progress.begin(stream) }

  func holdEnds() { progress.end(stream) }

  // MARK: Records

  /// Offers whole records. Queues those that the reader wants and does not have.
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

  /// Whether to queue records now. If not, the queue is too long: the records are counted as missed or stay
  /// with their source, or the reader is refused.
  private func take(_ records: WaitingRecords.Entry, of run: ForwardedRun) -> Bool {
    let limit = server.readerLimit
    let heldLimit = server.heldLimit
    if subscription?.isArchiving == true {
      let isTooMuch = stream.unsentCount + records.byteCount > limit || stream.heldCount > heldLimit
      // A record longer than the limit is queued alone.
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
        refuse("reader too slow: \(stream.unsentCount) bytes queued")
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

  /// Queues records of the server itself, whatever the length of the queue.
  func send(_ bytes: [UInt8]) {
    waiting.append(nil, count: bytes.count, at: stream.writtenCount, sent: stream.bytesSent)
    stream.write(bytes)
  }

  /// Gives an archiving reader nothing more until its queue is empty.
  func lapse() {
    guard !isLapsed, !isRefused else { return }
    guard subscription?.slowPolicy == .gap else {
      return refuse("reader too slow: \(stream.unsentCount) bytes queued")
    }
    isLapsed = true
    server.logger.warning("archiving reader \(peer) is too slow: its sources keep new records for it")
    if stream.unsentCount == 0 { catchUp() }
  }

  /// Asks sources to resend the records that an archiving reader was not given, once its queue is empty.
  private func catchUp() {
    isLapsed = false
    server.logger.notice("archiving reader \(peer) has read its queue: sources resend what it lacks")
    server.rewindSources(for: self)
  }

  /// Reports to an archiving reader that a source's records up to `sequence` are lost: nobody holds them.
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

  /// Drops the reader's queue to free memory for the others, or refuses the reader if it asked for that.
  /// Keeps the record that is being sent and the server's own records.
  func giveWay() {
    guard subscription?.slowPolicy == .gap else {
      return refuse("reader too slow: \(stream.unsentCount) bytes queued, and all readers' queues are full")
    }
    guard dropWaiting() else { return }
    if isArchiving { return lapse() }
    server.logger.warning(
      "reader \(peer) is the slowest, and all readers' queues are full: it misses records from now on"
    )
    isSkipping = true
    skipsUntilDrained = stream.unsentCount > 0
  }

  /// Drops the queued records that have not begun to be sent, and counts them; returns whether there were
  /// any. The server's own records stay queued.
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
      // The source still holds the records and resends them.
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

  // MARK: Records from the reader

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var cursor = RecordCursor(slice.bytes)
    do {
      while stream.isOpen, let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: slice.bytes[range].dropFirst(RecordHeader.size))
        guard header.type == .meta, let link = try LinkMessage(body.bytes) else {

          throw WireError(
            .invalid("is \(header.type.rawValue), which a reader does not send"),
            field: "type",
            offset: 24
          )
        }
        try handle(link)
      }
    } catch {
      refuse("record at byte \(cursor.offset) of a read: \(error)")
    }
    // A reader sends little: do not reserve memory for a long claim.
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
      refuse("reader sends requests and does not read the replies")
    case .statusRequest:
      send(LinkMessage.status(server.status).record(at: Clock.now()))
    case .hello, .grant, .refusal, .rewind, .rewound, .status:
      throw WireError(.invalid("is not valid from a reader"), field: "meta code", offset: RecordHeader.size)
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
    // Positions from an earlier subscription are useless for instances that the server does not know.
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

  /// Returns the positions of an archiving reader when it subscribed, and clears them.
  func takePositions() -> [ArchivePosition] {
    defer { positions = [] }
    return positions
  }

  /// Queues no records of `source` until it begins to resend.
  func awaitRewind(of source: KnownSource) { awaited.insert(source.description.instance) }

  /// Forgets an instance that never returns.
  func forget(_ instance: UInt64) {
    queued[instance] = nil
    acknowledged[instance] = nil
  }

  /// Queues records of `source` again, as it begins to resend.
  func rewound(_ source: KnownSource) { awaited.remove(source.description.instance) }

  var unfinishedCount: Int { stream.unconsumedHeldCount }

  /// Sends the reason and closes. Drops the queue, so that a reader that reads learns the reason soon.
  func refuse(_ reason: String) {
    guard !isRefused else { return }
    isRefused = true
    greeting?.cancel()
    server.logger.error("reader \(peer) refused: \(reason)")
    _ = dropWaiting()
    send(LinkMessage.refusal(reason).record(at: Clock.now()))
    stream.closeAfterWriting(reason)
    // A reader that does not read would hold the connection for ever.
    deadline = TimerWatcher(on: server.loop) { [unowned self] in stream.close(.closed(reason)) }
    deadline?.start(after: 5)
  }
}
