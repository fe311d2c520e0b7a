import Access
import Bytes
import EventLoop
import LogFiles
import LogProtocol
import Observations

/// Receives the records of a consumer.
public protocol LogConsumerHandler: AnyObject {
  /// A record that the criteria want, in order.
  func consumer(_ consumer: LogConsumer, received record: StreamRecord)

  /// A record that the criteria do not want. It may still name a source or a connection.
  func consumer(_ consumer: LogConsumer, passedOver record: StreamRecord)

  /// A record whose body this version cannot decode.
  func consumer(_ consumer: LogConsumer, skipped record: StreamRecord)

  /// All records received so far were handed over. This is the time to write out buffered output.
  func consumerDidPause(_ consumer: LogConsumer)

  /// Bytes of a file that are no record.
  func consumer(_ consumer: LogConsumer, found damage: LogDamage)

  /// The state has changed.
  func consumer(_ consumer: LogConsumer, became state: LogConsumer.State)
}

extension LogConsumerHandler {
  /// Does nothing.
  public func consumerDidPause(_ consumer: LogConsumer) {}

  /// Does nothing.
  public func consumer(_ consumer: LogConsumer, passedOver record: StreamRecord) {}

  /// Does nothing: the account counts it.
  public func consumer(_ consumer: LogConsumer, skipped record: StreamRecord) {}

  /// Does nothing: the account counts it.
  public func consumer(_ consumer: LogConsumer, found damage: LogDamage) {}

  /// Does nothing.
  public func consumer(_ consumer: LogConsumer, became state: LogConsumer.State) {}
}

/// The one way to consume records: of the live stream, of files, or of an archive's files and then the live
/// stream, without gaps or duplicates between the two.
///
/// It belongs to its loop's thread. Each record is decoded once. Records that cannot be decoded are skipped
/// and counted, and missing ones are in the account. Memory is bounded: while files are read, about 16 MiB of
/// the stream are buffered here, and the rest waits in the log server as for any slow reader.
public final class LogConsumer {
  /// The origin of the records.
  public enum Origin {
    /// The log server, from now on.
    case live(SocketAddress, key: AccessKey?)
    /// Files, in the order in which they were begun; `-` is the standard input. `format`: nil to detect it.
    /// `seeks`: whether to begin near the wanted time within a segment too, as `LogFile.limit(to:seeks:)`
    /// does.
    case files([String], format: ArchiveFormat?, seeks: Bool = false)
    /// The files of an archive that is being written, including the open segment, then the log server.
    case archiveThenLive([String], SocketAddress, key: AccessKey?)
  }

  /// The consumer's progress.
  public enum State: Equatable, Sendable {
    /// It reads files.
    case reading
    /// The log server cannot be reached, or the connection is lost, for the given reason. The consumer
    /// reconnects.
    case waiting(String)
    /// Records come from the log server.
    case live
    /// All files are read, and no live records were asked for.
    case ended
    /// A file cannot be read.
    case failed(IOError)
  }

  /// Counts of received, missing, unreadable and damaged records.
  public private(set) var account = StreamAccount()

  /// The consumer's progress; nil before `start()`.
  public private(set) var state: State?

  /// Bytes of buffered live records from which on the consumer stops reading from the log server.
  private static let waitingLimit = 16 << 20
  /// Bytes of file records after which a loop iteration ends.
  private static let turnLimit = 4 << 20
  /// Seconds that an archive may take to write the records that the log server has forwarded. After that they
  /// count as missing.
  var archivePatience = 10.0

  private let origin: Origin
  private let loop: EventLoop
  private unowned let handler: any LogConsumerHandler
  private var selection: RecordSelection
  private var files: ArchiveFiles?
  private var subscriber: LogSubscriber?
  private var turn: TimerWatcher?
  private var ledger = SequenceLedger()
  /// Live records buffered until the files are read, or until `resume()`. Copied, as a few bytes may keep a
  /// large chunk alive.
  private var waiting: [UInt8] = []
  /// The last sequence number of each source in the log server's status; nil before the status arrives. The
  /// files are read up to these numbers.
  private var targets: [(instance: UInt64, source: UInt32, sequence: UInt64)]?
  private var patienceEnd: UInt64 = 0
  private var isPaused = false
  private var isCancelled = false

  /// Prepares to consume; `start()` begins.
  public init(
    _ origin: Origin,
    _ criteria: RecordCriteria = RecordCriteria(),
    on loop: EventLoop,
    handler: any LogConsumerHandler
  ) {
    self.origin = origin
    self.loop = loop
    self.handler = handler
    selection = RecordSelection(criteria)
    turn = TimerWatcher(on: loop) { [unowned self] in read() }
  }

  /// Begins. Never calls the handler itself.
  public func start() {
    switch origin {
    case .live(let address, let key): subscribe(address, key)
    case .files(let paths, let format, let seeks):
      let criteria = selection.criteria
      let end = criteria.end ?? .max
      let times = min(criteria.start, end)..<end
      begin(ArchiveFiles(paths, format: format, times: times, seeks: seeks))
    case .archiveThenLive(let paths, _, _): begin(ArchiveFiles(growing: paths))
    }
  }

  /// Hands nothing over until `resume()`. If the reader's queue fills up meanwhile, the log server counts the
  /// records it drops.
  public func pause() {
    isPaused = true
    subscriber?.pause()
  }

  /// Resumes after `pause()`.
  public func resume() {
    guard isPaused else { return }
    isPaused = false
    turn?.start(after: 0)
  }

  /// Ends the consumer; the handler is not called any more.
  public func cancel() {
    isCancelled = true
    turn?.cancel()
    subscriber?.cancel()
    subscriber = nil
    files = nil
  }

  // MARK: Files

  private func begin(_ files: ArchiveFiles) {
    self.files = files
    become(.reading)
    turn?.start(after: 0)
  }

  /// Hands over some records of the files, or the buffered live ones.
  private func read() {
    guard !isPaused else { return }
    guard let files else { return goOnLive() }
    var left = Self.turnLimit
    do throws(IOError) {
      while left > 0, !isPaused, self.files != nil {
        guard let piece = try files.next() else { return endOfFiles(files) }
        switch piece {
        case .record(let record):
          left -= record.bytes.count
          let typed = StreamRecord(record.header, record.body)
          note(typed)
          hand(typed)
        case .damage(let damage):
          account.damagedBytes += damage.count
          handler.consumer(self, found: damage)
        }
      }
    } catch {
      self.files = nil
      subscriber?.cancel()
      subscriber = nil
      return become(.failed(error))
    }
    guard !isCancelled else { return }
    handler.consumerDidPause(self)
    if self.files != nil { turn?.start(after: 0) }
  }

  /// Handles the end of the files: continues with the log server once the files are far enough.
  private func endOfFiles(_ files: ArchiveFiles) {
    handler.consumerDidPause(self)
    guard !isCancelled else { return }
    guard case .archiveThenLive(_, let address, let key) = origin else {
      self.files = nil
      return become(.ended)
    }
    if subscriber == nil { subscribe(address, key) }
    guard let targets else {
      // The log server's status has not arrived yet.
      turn?.start(after: 0.02)
      return
    }
    let behind = targets.filter { (ledger.positions[$0.instance]?.sequence ?? 0) < $0.sequence }
    guard behind.isEmpty || Clock.monotonic() > patienceEnd else {
      turn?.start(after: 0.02)
      return
    }
    // These records are neither in the archive nor in the stream.
    for target in behind {
      ledger.join(target.source, instance: target.instance)
      let last = ledger.positions[target.instance]?.sequence ?? 0
      account.note(missing: target.sequence - last)
      ledger.account(for: target.source, upTo: target.sequence)
    }
    self.files = nil
    become(.live)
    goOnLive()
  }

  /// Hands over the buffered live records, then new ones.
  private func goOnLive() {
    let bytes = waiting
    waiting = []
    bytes.withUnsafeBytes { take($0) }
    if waiting.isEmpty, !isPaused { subscriber?.resume() }
  }

  /// Updates the ledger from a record of the files.
  private func note(_ record: StreamRecord) {
    let header = record.header
    if case .meta(let meta) = record.content {
      switch meta {
      case .sourceJoined(let source, let description): ledger.join(source, instance: description.instance)
      case .rotation(let mark): ledger.resume(mark)
      case .gap(let gap):
        let source = gap.source == 0 ? header.source : gap.source
        ledger.account(for: source, upTo: gap.sequences.upperBound)
      case .sourceLeft, .openConnection, .clock: break
      }
    }
    _ = ledger.note(source: header.source, sequence: header.sequence)
  }

  // MARK: The stream

  private func subscribe(_ address: SocketAddress, _ key: AccessKey?) {
    subscriber = LogSubscriber(to: address, key: key, selection.criteria.request, on: loop, handler: self)
  }

  /// Hands over live records. Buffers the rest if the handler pauses.
  private func take(_ records: UnsafeRawBufferPointer) {
    guard !records.isEmpty else { return }
    var cursor = RecordCursor(records)
    let dropsKnown = if case .archiveThenLive = origin { true } else { false }
    do throws(WireError) {
      while !isPaused, !isCancelled, let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: records[range].dropFirst(RecordHeader.size))
        let record = StreamRecord(header, body)
        if dropsKnown {
          if case .meta(.sourceJoined(let source, let said)) = record.content {
            ledger.join(source, instance: said.instance)
          }
          if ledger.note(source: header.source, sequence: header.sequence) == .duplicate { continue }
        }
        hand(record)
      }
    } catch {
      // Cannot happen: the subscriber has checked the headers.
      account.damagedBytes += UInt64(records.count - cursor.offset)
    }
    guard !isCancelled else { return }
    if isPaused { waiting += records[cursor.offset...] }
    handler.consumerDidPause(self)
  }

  // MARK: Both

  private func hand(_ record: StreamRecord) {
    noteGap(record)
    guard selection.shows(record) else { return handler.consumer(self, passedOver: record) }
    if case .unreadable = record.content {
      account.unreadable[record.header.type, default: 0] += 1
      return handler.consumer(self, skipped: record)
    }
    account.records += 1
    handler.consumer(self, received: record)
  }

  private func noteGap(_ record: StreamRecord) {
    if case .meta(.gap(let gap)) = record.content { account.note(missing: gap.count) }
  }

  private func become(_ state: State) {
    guard self.state != state else { return }
    self.state = state
    handler.consumer(self, became: state)
  }
}

extension LogConsumer: LogSubscriberHandler {
  /// Hands records over, or buffers them while files are read.
  public func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    guard files != nil || isPaused || !waiting.isEmpty else { return take(records.bytes) }
    waiting += records.bytes
    if waiting.count >= Self.waitingLimit { subscriber.pause() }
  }

  /// Sets the sequence numbers up to which the files have to be read.
  public func subscriber(_ subscriber: LogSubscriber, told status: ServerStatus) {
    guard files != nil, targets == nil else { return }
    targets = status.sources.map { ($0.description.instance, $0.id, $0.lastSequence) }
    patienceEnd = Clock.monotonic() + UInt64(archivePatience * 1e9)
  }

  /// Requests the log server's status while files are read.
  public func subscriberDidConnect(_ subscriber: LogSubscriber) {
    if files != nil { subscriber.requestStatus() } else { become(.live) }
  }

  /// Handles the loss of the connection; the subscriber reconnects.
  public func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {
    if files != nil {
      // The status is requested again; the archive has the buffered records.
      waiting = []
      targets = nil
    } else if state == .live {
      account.interruptions += 1
    }
    become(.waiting(reason))
  }
}
