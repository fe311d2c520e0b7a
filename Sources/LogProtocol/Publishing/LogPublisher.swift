import Access
import Bytes
import EventLoop
import Glibc
import Observations
import Pacing

/// Hears what becomes of a publisher's connection to the log server.
public protocol LogPublisherHandler: AnyObject {
  /// The log server took us; where it is another process than last time, `isNewServer`, it knows nothing of
  /// what is open here.
  func publisher(_ publisher: LogPublisher, joinedAs source: UInt32, isNewServer: Bool)

  /// There is no log server, or it is gone; records are kept, within the bound, until there is one.
  func publisher(_ publisher: LogPublisher, lostServerFor reason: String)

  /// Records are dropped from now on, because more than the bound waits.
  func publisherDidOverflow(_ publisher: LogPublisher)

  /// More waits than the log server or its archives take (true), or they have caught up (false).
  func publisher(_ publisher: LogPublisher, isCongested: Bool)

  /// Nothing was acknowledged for as long as the publisher waits for that, and the bound is reached: until something
  /// is, the oldest records that were sent give way to new ones.
  func publisherStopsHolding(_ publisher: LogPublisher)
}

extension LogPublisherHandler {
  /// Does nothing.
  public func publisherStopsHolding(_ publisher: LogPublisher) {}
}

/// A source's end of the log stream: numbers records, keeps them until they are acknowledged, sends them
/// again after a reconnect.
///
/// Publishing never blocks and never fails: what the bound cannot hold is counted, and a gap record says so
/// as soon as there is room again.
public final class LogPublisher {
  /// How many bytes may wait for the log server's socket before the source should slow down, and below how many it may
  /// go on; and from how many on they are handed over within the batch.
  private let congestion: (high: Int, low: Int, pump: Int)

  /// The same for all bytes that are not acknowledged: most of the bound, and half of it.
  private let holding: (high: Int, low: Int)

  /// Below how many bytes of either a source that should slow down may still publish what is little.
  private let reserve: (waiting: Int, held: Int)

  /// Bytes that stay free beyond the reserve: for what is longest, and what is published besides.
  private static let margin = 5 << 20

  /// Nanoseconds for which nothing gives way that was not acknowledged, counted from the last acknowledgement.
  private let patience: UInt64

  /// When the last acknowledgement came, or when the first record was published after all were acknowledged, or the log
  /// server took us; on the monotonic clock in ns.
  private var progressAt: UInt64 = 0

  /// Seconds for which a publisher waits, by default, for an acknowledgement before records that were sent give way.
  public static let defaultPatience = 30.0

  /// From how many unsent bytes on that is tried next.
  private var pumpThreshold: Int

  /// Most bytes handed to the stream at a time.
  private static let window = 1 << 20

  /// The id that the log server granted last; 0 before the first time.
  public private(set) var source: UInt32 = 0

  /// Sequence of the last record published.
  public private(set) var lastSequence: UInt64 = 0

  /// Sequence up to which the log server has acknowledged.
  public private(set) var acknowledgedSequence: UInt64 = 0

  /// Records dropped so far because the bound was reached.
  public private(set) var droppedCount: UInt64 = 0

  /// How often in a row the log server could not be reached.
  public private(set) var failedAttempts = 0

  /// Whether the log server has taken us and the connection stands.
  public private(set) var isJoined = false

  /// Why the log server refused us, the last time it did; nil once it has taken us.
  public private(set) var refusal: String?

  /// Hears what becomes of the connection; it is to own the publisher. Not weak: that would make each retain and
  /// release of it slow, of which there are some with each record.
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

  /// Creates a publisher and starts to look for the log server.
  ///
  /// - Parameters:
  ///   - address: where the log server takes sources.
  ///   - key: what to prove to it over TCP; nil for none.
  ///   - description: what it says of itself; its instance is the identity's.
  ///   - identity: who it is, and what proves it.
  ///   - limit: how many bytes of records to keep for the log server.
  ///   - patience: seconds without an acknowledgement after which records that were sent give way to new ones where
  ///     the limit is reached. Until then the source is asked to slow down.
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

  /// Bytes published that the log server's socket has not taken.
  public var waitingCount: Int { store.unsentCount + (stream?.unsentCount ?? 0) }

  /// Bytes that stand against the bound: published and not acknowledged, or, where nothing is acknowledged any more, not
  /// taken by the log server's socket.
  public var backlog: Int { isHolding ? max(store.occupiedCount, waitingCount) : waitingCount }

  /// Whether a source that should slow down may still publish what is little: nothing is dropped for that.
  public var hasReserve: Bool { store.occupiedCount < reserve.held && waitingCount < reserve.waiting }

  /// Whether records that were sent are kept until they are acknowledged: the log server is there, and acknowledges.
  private var isHolding: Bool { isJoined && Clock.monotonic() - progressAt < patience }

  /// Whether every record published has been acknowledged.
  public var isSettled: Bool { store.isEmpty && dropped == nil }

  /// Publishes a record whose body is in two parts. What exceeds `RecordHeader.maximumBodyCount` bytes is cut off,
  /// and the record says so (`RecordFlags.truncated`).
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
    // A client's command may be longer in words than a record can be.
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

  /// Publishes text, now.
  public func publish(_ type: RecordType, text: String) {
    publish(type, at: Clock.now(), body: Array(text.utf8))
  }

  /// Publishes something about the stream, now.
  public func publish(_ meta: MetaBody, connection: UInt32 = 0) {
    publish(.meta, connection: connection, at: Clock.now(), body: meta.body)
  }

  /// Waits until everything is acknowledged, says goodbye and closes. Where there is no log server it looks
  /// for one meanwhile.
  ///
  /// - Parameters:
  ///   - timeout: seconds after which it gives up.
  ///   - completion: gets whether everything was acknowledged.
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
      // The log server asks for what an archive takes now.
      progressAt = Clock.monotonic()
      pumpLater()
    case .refusal(let reason):
      refusal = reason
      stream?.close(.closed("log server refuses: \(reason)"))
    case .hello, .subscribe, .goodbye, .rewound, .statusRequest, .status:
      stream?.close(.closed("log server sent what only its clients send"))
    }
  }

  // MARK: Sending

  private func pumpLater() {
    guard !isPumpDue, let stream, isJoined else { return }
    isPumpDue = true
    stream.flushSoon()
  }

  /// A batch may bring more than the bound holds: what is much is handed over within it, and where the log server
  /// does not take it the source hears of that at once.
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

  /// Tells the source to slow down while too much waits for the log server's socket, or for an acknowledgement.
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

  /// Where something was acknowledged meanwhile waits on; else goes on without waiting for more of that.
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

  /// Says which records were dropped, as soon as there is room for saying so.
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
  /// Handles what the log server says.
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

  /// Hands over more, before the stream is written out.
  public func streamWillFlush(_ stream: ByteStream) { if isPumpDue { pump() } }

  /// Hands over more.
  public func streamDidDrain(_ stream: ByteStream) { pump() }

  /// Looks for the log server again.
  public func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    lost(reason.description)
  }
}
