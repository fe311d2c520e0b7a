import Access
import Bytes
import EventLoop
import Glibc
import Observations
import Pacing

/// Reacts to changes of a publisher's connection to the log server.
public protocol LogPublisherHandler: AnyObject {
  /// The log server accepted the source. With `isNewServer` it is another process than last time, and does
  /// not know the connections that are open here.
  func publisher(_ publisher: LogPublisher, joinedAs source: UInt32, isNewServer: Bool)

  /// The log server cannot be reached, or the connection is lost. Records are kept, within the bound, until
  /// it is back.
  func publisher(_ publisher: LogPublisher, lostServerFor reason: String)

  /// The bound is reached: records are dropped from now on.
  func publisherDidOverflow(_ publisher: LogPublisher)

  /// The log server or its archives are slower than the source (true), or they have caught up (false).
  func publisher(_ publisher: LogPublisher, isCongested: Bool)

  /// The bound is reached and no acknowledgement came within the publisher's patience. Until one comes, new
  /// records displace the oldest ones that were sent.
  func publisherStopsHolding(_ publisher: LogPublisher)
}

extension LogPublisherHandler {
  /// Does nothing.
  public func publisherStopsHolding(_ publisher: LogPublisher) {}
}

/// A source's end of the log stream. Numbers records, keeps them until they are acknowledged, and resends
/// them after a reconnect.
///
/// Publishing never blocks and never fails. Records beyond the bound are dropped and counted, and a gap
/// record reports them as soon as there is room again.
public final class LogPublisher {
  /// Bytes queued for the log server's socket: above `high` the source should slow down, below `low` it may
  /// resume. From `pump` on, records are handed over within the loop iteration.
  private let congestion: (high: Int, low: Int, pump: Int)

  /// Bytes not acknowledged: the same limits, at three quarters and half of the bound.
  private let holding: (high: Int, low: Int)

  /// Bytes queued and held: below these limits a source that should slow down may still publish small
  /// records.
  private let reserve: (waiting: Int, held: Int)

  /// Bytes that stay free beyond the reserve, for the longest record and those published with it.
  private static let margin = 5 << 20

  /// Time after the last acknowledgement for which records are kept until acknowledged, in ns.
  private let patience: UInt64

  /// Time of the last acknowledgement, of the first record published after all were acknowledged, or of the
  /// log server's grant; on the monotonic clock in ns.
  private var progressAt: UInt64 = 0

  /// Default time without an acknowledgement after which sent records may be displaced, in seconds.
  public static let defaultPatience = 30.0

  /// Number of unsent bytes that triggers the next hand-over within the loop iteration.
  private var pumpThreshold: Int

  /// Most bytes handed to the stream at a time.
  private static let window = 1 << 20

  /// The id that the log server granted last; 0 before the first grant.
  public private(set) var source: UInt32 = 0

  /// Sequence number of the last record published.
  public private(set) var lastSequence: UInt64 = 0

  /// Last sequence number that the log server has acknowledged.
  public private(set) var acknowledgedSequence: UInt64 = 0

  /// Records dropped so far because the bound was reached.
  public private(set) var droppedCount: UInt64 = 0

  /// Failed attempts in a row to reach the log server.
  public private(set) var failedAttempts = 0

  /// Whether the log server has accepted the source and the connection is open.
  public private(set) var isJoined = false

  /// The reason of the log server's last refusal; nil once it has accepted the source.
  public private(set) var refusal: String?

  /// Reacts to changes of the connection, and must own the publisher. Not weak: a weak reference makes each
  /// retain and release of the handler slow, and every record causes some.
  public unowned var handler: (any LogPublisherHandler)?

  private let loop: EventLoop
  private let address: SocketAddress
  private let key: AccessKey?
  private let description: SourceDescription
  private let identity: SourceIdentity
  private var store: RecordStore
  private var stream: ByteStream?
  private var attempt: AccessAttempt?
  private var retry: TimerWatcher?
  private var deadline: TimerWatcher?
  private var patienceEnd: TimerWatcher?
  private var server: UInt64 = 0
  private var dropped: ClosedRange<UInt64>?
  private var droppedBytes: UInt64 = 0
  private var isCongested = false
  private var isPumpDue = false
  private var finishing: ((Bool) -> Void)?

  /// Creates a publisher and starts to connect to the log server.
  ///
  /// - Parameters:
  ///   - address: the log server's socket for sources.
  ///   - key: the key to prove over TCP; nil for none.
  ///   - description: the source's description; its instance is replaced by the identity's.
  ///   - identity: the source's instance and the secret that proves it.
  ///   - limit: most bytes of records to keep for the log server.
  ///   - patience: seconds without an acknowledgement after which new records displace sent ones once the
  ///     limit is reached. Until then the source is asked to slow down.
  public init(
    to address: SocketAddress,
    key: AccessKey? = nil,
    as description: SourceDescription,
    identity: SourceIdentity = SourceIdentity(),
    limit: Int,
    patience: Double = defaultPatience,
    on loop: EventLoop
  ) {
    self.address = address
    self.key = key
    self.identity = identity
    self.description = description
    self.loop = loop
    store = RecordStore(limit: limit)
    let high = min(8 << 20, limit / 4)
    congestion = (high, high / 4, min(Self.window, high))
    pumpThreshold = congestion.pump
    holding = (limit / 4 * 3, limit / 2)
    let most = min(limit / 8 * 7, limit - Self.margin)
    reserve = (min(4 * high, most), most)
    self.patience = UInt64(max(0, min(patience, 1e9)) * 1e9)
    patienceEnd = TimerWatcher(on: loop) { [unowned self] in endPatience() }
    retry = TimerWatcher(on: loop) { [unowned self] in connect() }
    retry?.start(after: 0)
  }

  /// Bytes published that the log server's socket has not accepted.
  public var waitingCount: Int { store.unsentCount + (stream?.unsentCount ?? 0) }

  /// Bytes that count against the bound: those not acknowledged or, while no acknowledgements come, those
  /// that the log server's socket has not accepted.
  public var backlog: Int { isHolding ? max(store.occupiedCount, waitingCount) : waitingCount }

  /// Whether a source that should slow down may still publish small records without loss.
  public var hasReserve: Bool { store.occupiedCount < reserve.held && waitingCount < reserve.waiting }

  /// Whether sent records are kept until acknowledged: the log server is connected and acknowledges.
  private var isHolding: Bool { isJoined && Clock.monotonic() - progressAt < patience }

  /// Whether every record published has been acknowledged.
  public var isSettled: Bool { store.isEmpty && dropped == nil }

  /// Publishes a record whose body is in two parts. A body longer than `RecordHeader.maximumBodyCount` bytes
  /// is cut, and the record is flagged (`RecordFlags.truncated`).
  ///
  /// - Parameter time: ns since the Unix epoch.
  public func publish(
    _ type: RecordType,
    flags: RecordFlags = [],
    connection: UInt32 = 0,
    at time: UInt64,
    body: UnsafeRawBufferPointer,
    and rest: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
  ) {
    reportDropped()
    lastSequence += 1
    let fullCount = body.count + rest.count
    // The text of a client's command may be longer than a record can be.
    let body = UnsafeRawBufferPointer(rebasing: body.prefix(RecordHeader.maximumBodyCount))
    let rest = UnsafeRawBufferPointer(rebasing: rest.prefix(RecordHeader.maximumBodyCount - body.count))
    let flags = body.count + rest.count < fullCount ? flags.union(.truncated) : flags
    let header = RecordHeader(
      type: type,
      flags: flags,
      source: source,
      time: time,
      sequence: lastSequence,
      connection: connection,
      bodyCount: body.count + rest.count
    )
    let isKept =
      dropped == nil
      && append(header.recordCount) { target in
        header.write(to: target)
        if let base = body.baseAddress { _ = memcpy(target + RecordHeader.size, base, body.count) }
        if let base = rest.baseAddress {
          _ = memcpy(target + RecordHeader.size + body.count, base, rest.count)
        }
      }
    guard isKept else { return drop(lastSequence, byteCount: header.recordCount) }
    if store.unsentCount < pumpThreshold { pumpLater() } else { pumpNow() }
  }

  @inline(__always)
  private func append(_ count: Int, write: (UnsafeMutableRawPointer) -> Void) -> Bool {
    if store.isEmpty { progressAt = Clock.monotonic() }
    return store.append(sequence: lastSequence, count: count, givesWay: !isHolding, write: write)
  }

  /// Publishes a record.
  public func publish(
    _ type: RecordType,
    flags: RecordFlags = [],
    connection: UInt32 = 0,
    at time: UInt64,
    body: [UInt8]
  ) {
    body.withUnsafeBytes { publish(type, flags: flags, connection: connection, at: time, body: $0) }
  }

  /// Publishes text, stamped with the current time.
  public func publish(_ type: RecordType, text: String) {
    publish(type, at: Clock.now(), body: Array(text.utf8))
  }

  /// Publishes a META record, stamped with the current time.
  public func publish(_ meta: MetaBody, connection: UInt32 = 0) {
    publish(.meta, connection: connection, at: Clock.now(), body: meta.body)
  }

  /// Waits until every record is acknowledged, says goodbye and closes. Meanwhile it keeps trying to reach
  /// the log server.
  ///
  /// - Parameters:
  ///   - timeout: seconds to wait at most.
  ///   - completion: called with whether every record was acknowledged.
  public func finish(timeout: Double, completion: @escaping (Bool) -> Void) {
    finishing = completion
    deadline = TimerWatcher(on: loop) { [unowned self] in endFinishing() }
    deadline?.start(after: timeout)
    if stream == nil, attempt == nil { retry?.start(after: 0) }
    finishIfSettled()
  }

  private func finishIfSettled() {
    if finishing != nil, isSettled { deadline?.start(after: 0) }
  }

  private func endFinishing() {
    guard let completion = finishing else { return }
    finishing = nil
    retry?.cancel()
    attempt?.cancel()
    if let stream, isJoined {
      stream.write(LinkMessage.goodbye.record(at: Clock.now()))
      stream.flush()
    }
    let former = stream
    stream = nil
    isJoined = false
    former?.close(.closed("goodbye"))
    completion(isSettled)
  }

  // MARK: Connection

  private func connect() {
    attempt = AccessAttempt(to: address, key: key, for: .publish, timeout: 5, on: loop) {
      [unowned self] result in
      attempt = nil
      switch result {
      case .success(let descriptor): greet(ByteStream(descriptor, on: loop, handler: self))
      case .failure(let error): lost(error.description)
      }
    }
  }

  private func greet(_ stream: ByteStream) {
    self.stream = stream
    let now = Clock.now()
    stream.write(StreamPreamble.bytes(createdAt: now))
    stream.write(
      LinkMessage.hello(
        identity,
        description,
        formerSource: source,
        nextSequence: lastSequence + 1,
        oldestHeld: store.oldestSequence ?? lastSequence + 1
      ).record(at: now)
    )
  }

  private func lost(_ reason: String) {
    stream = nil
    isJoined = false
    setCongested(false)
    patienceEnd?.cancel()
    failedAttempts += 1
    retry?.start(after: Backoff.logServer.seconds(failures: failedAttempts))
    handler?.publisher(self, lostServerFor: reason)
  }

  private func handle(_ link: LinkMessage) {
    switch link {
    case .grant(let source, let server, let resumeAfter):
      let isNewServer = server != self.server
      self.server = server
      self.source = source
      isJoined = true
      refusal = nil
      progressAt = Clock.monotonic()
      failedAttempts = 0
      store.rewind(after: resumeAfter, source: source)
      handler?.publisher(self, joinedAs: source, isNewServer: isNewServer)
      pumpLater()
    case .acknowledge(let sequences):
      guard let sequence = sequences[source], sequence > acknowledgedSequence else { return }
      acknowledgedSequence = min(sequence, lastSequence)
      store.acknowledge(acknowledgedSequence)
      progressAt = Clock.monotonic()
      reportDropped()
      adjustCongestion()
      finishIfSettled()
    case .rewind(let sequence):
      stream?.write(LinkMessage.rewound.record(at: Clock.now()))
      store.rewind(after: sequence, source: source)
      // The log server rewinds for an archive that reads now.
      progressAt = Clock.monotonic()
      pumpLater()
    case .refusal(let reason):
      refusal = reason
      stream?.close(.closed("log server refuses: \(reason)"))
    case .hello, .subscribe, .goodbye, .rewound, .statusRequest, .status:
      stream?.close(.closed("log server sent a message that only its clients send"))
    }
  }

  // MARK: Sending

  private func pumpLater() {
    guard !isPumpDue, let stream, isJoined else { return }
    isPumpDue = true
    stream.flushSoon()
  }

  /// Hands over records within the loop iteration, as one iteration may bring more than the bound holds. If
  /// the log server's socket accepts no more, the source learns of the congestion at once.
  private func pumpNow() {
    guard let stream, isJoined else { return }
    pump()
    if !isCongested { stream.flushUnlessBlocked() }
    pumpThreshold = max(pumpThreshold, store.unsentCount + Self.window / 4)
  }

  private func pump() {
    isPumpDue = false
    guard let stream, isJoined else { return }
    while stream.unsentCount < Self.window, let slice = store.takeUnsent(maximum: Self.window) {
      stream.write(slice)
    }
    reportDropped()
    if store.unsentCount < congestion.pump { pumpThreshold = congestion.pump }
    adjustCongestion()
  }

  /// Reports congestion while too many bytes are queued for the log server's socket or not acknowledged.
  private func adjustCongestion() {
    guard isJoined else { return }
    let isFull = store.occupiedCount > (isCongested ? holding.low : holding.high) && isHolding
    let isBehind = waitingCount > (isCongested ? congestion.low : congestion.high)
    if isFull, patienceEnd?.isRunning == false { awaitProgress() }
    setCongested(isFull || isBehind)
  }

  private func setCongested(_ value: Bool) {
    guard value != isCongested else { return }
    isCongested = value
    if !value { patienceEnd?.cancel() }
    handler?.publisher(self, isCongested: value)
  }

  private func awaitProgress() {
    let waited = Clock.monotonic() - progressAt
    patienceEnd?.start(after: Double(patience - min(patience, waited)) / 1e9)
  }

  /// Waits again if something was acknowledged meanwhile; otherwise stops holding sent records.
  private func endPatience() {
    guard isCongested else { return }
    if isHolding { return awaitProgress() }
    if store.occupiedCount > holding.low { handler?.publisherStopsHolding(self) }
    adjustCongestion()
  }

  // MARK: Overflow

  private func drop(_ sequence: UInt64, byteCount: Int) {
    droppedCount += 1
    droppedBytes += UInt64(byteCount)
    if let range = dropped {
      dropped = range.lowerBound...sequence
    } else {
      dropped = sequence...sequence
      handler?.publisherDidOverflow(self)
    }
  }

  /// Publishes a gap record for the dropped records, as soon as there is room.
  private func reportDropped() {
    guard let range = dropped else { return }
    let gap = MetaBody.gap(
      Gap(
        source: 0,
        sequences: range,
        count: UInt64(range.count),
        byteCount: droppedBytes,
        cause: .sourceOverflow
      )
    ).body
    let header = RecordHeader(
      type: .meta,
      source: source,
      time: Clock.now(),
      sequence: lastSequence + 1,
      bodyCount: gap.count
    )
    let isKept = store.append(
      sequence: lastSequence + 1,
      count: header.recordCount,
      givesWay: !isHolding
    ) { target in
      header.write(to: target)
      gap.withUnsafeBytes { _ = memcpy(target + RecordHeader.size, $0.baseAddress!, $0.count) }
    }
    guard isKept else { return }
    lastSequence += 1
    dropped = nil
    droppedBytes = 0
    pumpLater()
  }
}

extension LogPublisher: ByteStreamHandler {
  /// Handles the log server's messages.
  public func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var cursor = RecordCursor(slice.bytes)
    do throws(WireError) {
      while let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: slice.bytes[range].dropFirst(RecordHeader.size))
        if header.type == .meta, let link = try LinkMessage(body.bytes) { handle(link) }
        guard stream.isOpen else { return 0 }
      }
    } catch {
      let isKeyWanted = AccessKey.isChallenge(slice.bytes)
      stream.close(
        .closed(isKeyWanted ? AccessError.keyWanted : "log server sent a malformed record: \(error)")
      )
      return 0
    }
    stream.expectedCount = cursor.neededCount
    return cursor.offset
  }

  /// Hands over more records before the stream is flushed.
  public func streamWillFlush(_ stream: ByteStream) { if isPumpDue { pump() } }

  /// Hands over more records.
  public func streamDidDrain(_ stream: ByteStream) { pump() }

  /// Starts to reconnect.
  public func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    lost(reason.description)
  }
}
