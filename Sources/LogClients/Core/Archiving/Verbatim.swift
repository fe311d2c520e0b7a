import Access
import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc
import LogProtocol
import Logging
import Observations

/// The archiver: subscribes to everything and writes it to `verbatim.log`, byte for byte.
///
/// It acknowledges records when the kernel has them, or when they are flushed to disk if `verbatim.fsync`
/// says so. A source therefore sends again the records that were lost with a killed archiver. While the file
/// cannot be written, records are queued; if the queue grows too long, reading stops. `ArchiveState` decides;
/// this class does the I/O.
public final class Verbatim {
  /// Times and sizes that tests make smaller.
  typealias Limits = ArchiveState.Limits

  /// The archive's file name in its folder.
  public static let fileName = "verbatim.log"

  let loop: EventLoop
  /// Indexes, compresses and deletes closed segments.
  let tender: SegmentTender
  /// The file and the queue of records for it.
  private(set) var writer: ArchiveWriter
  /// The state machine that decides what to do with the file.
  private(set) var state: ArchiveState

  private let log: Logger
  private let limits: Limits
  private var configuration: Configuration
  private var subscriber: LogSubscriber?
  private var notice = GapNotice()
  private var complaint: String?
  /// The open file, or the closed one until it is flushed to disk.
  private var file: SegmentFile?
  private let disk: Worker
  private var timer: TimerWatcher?
  /// When the timer is due, in ns on a monotonic clock.
  private var due = UInt64.max
  private var tendTimer: TimerWatcher?
  private var rotationPeriod: PeriodicWatcher?

  /// Opens the archive that the configuration names, and starts connecting to the log server.
  public convenience init(_ configuration: Configuration, log: Logger) throws {
    try self.init(configuration, log: log, limits: Limits())
  }

  init(_ configuration: Configuration, log: Logger, limits: Limits) throws {
    self.configuration = configuration
    self.log = log
    self.limits = limits
    loop = EventLoop(pool: ChunkPool(chunkCapacity: 256 << 10, spareLimit: 16))
    tender = SegmentTender(on: loop, log: log)
    disk = Worker(on: loop)
    writer = Self.writer(configuration, loop)
    state = ArchiveState(configuration.verbatim, limits: limits, at: Clock.monotonic())
    timer = TimerWatcher(on: loop) { [unowned self] in
      due = .max
      perform(state.tick(at: Clock.monotonic()))
    }
    tendTimer = TimerWatcher(on: loop) { [unowned self] in tend() }
    try openFirst()
    var subscription = Subscription()
    subscription.isArchiving = true
    let server = SocketAddress(server: configuration.logger.subscribeAddress)
    let key = try configuration.readAccessKey().flatMap(AccessKey.init)
    subscriber = LogSubscriber(to: server, key: key, subscription, on: loop, handler: self)
    perform(state.write())
    schedule()
  }

  private static func writer(_ configuration: Configuration, _ loop: EventLoop) -> ArchiveWriter {
    ArchiveWriter(
      configuration.verbatim.logPath + fileName,
      format: configuration.verbatim.format == .native ? .native : .coinscope,
      pool: loop.pool
    )
  }

  /// Archives until SIGTERM or SIGINT, then writes everything and says goodbye.
  ///
  /// SIGUSR1 closes the file, SIGUSR2 reopens it, SIGHUP reads the configuration again and reopens it.
  ///
  /// - Parameters:
  ///   - manager: the service manager to notify of start, reload and stop.
  ///   - reopenLog: reopens the program's own log file, on SIGHUP.
  public func run(manager: ServiceManager? = nil, reopenLog: @escaping () throws -> Void = {}) throws {
    let watchdog = TimerWatcher(on: loop) { manager?.alive() }
    if let interval = manager?.watchdogInterval { watchdog.start(after: interval, every: interval) }
    let stop = { [unowned self] in
      manager?.stopping()
      loop.stop()
    }
    let watchers = [
      SignalWatcher(SIGTERM, on: loop, handle: stop),
      SignalWatcher(SIGINT, on: loop, handle: stop),
      SignalWatcher(SIGUSR1, on: loop) { [unowned self] in suspend() },
      SignalWatcher(SIGUSR2, on: loop) { [unowned self] in reopen() },
      SignalWatcher(SIGHUP, on: loop) { [unowned self] in
        manager?.reloading()
        do { try reopenLog() } catch { log.error("\(error)") }
        reload()
        manager?.ready()
      },
    ]
    // Exceeding the file size limit must be an error like a full disk, not a fatal signal.
    signal(SIGXFSZ, SIG_IGN)
    loop.run()
    watchers.forEach { $0.cancel() }
    try finish()
  }

  // MARK: Signals

  /// Writes the queue, and closes the file at the end of a whole record. Records queue until it is reopened.
  func suspend() {
    if configuration.verbatim.rotatesItself {
      log.warning("rotated by a signal, but verbatim.rotate_size or rotate_interval is set: use only one")
    }
    perform(state.write())
    perform(state.suspend(at: Clock.monotonic()))
  }

  /// Reopens the file, which may be a new one, and writes the queue.
  func reopen() {
    perform(state.write())
    perform(state.reopen(at: Clock.monotonic()))
  }

  /// Reads the configuration again; if it has an error, the old one stays. Reopens the file in any case.
  func reload() {
    do throws(ConfigurationError) {
      configuration = try configuration.reread()
    } catch {
      log.error("configuration kept as it was: \(error)")
    }
    do throws(IOError) {
      try Folder.create(configuration.verbatim.logPath)
    } catch {
      log.error("\(error)")
    }
    if (configuration.verbatim.format == .native) != (writer.format == .native) {
      log.warning("verbatim.format changes at the next start of verbatim")
    }
    state.settings = configuration.verbatim
    reopen()
    schedule()
  }

  /// Writes and acknowledges everything, then leaves the log server.
  func finish() throws(ArchiveError) {
    tender.cancel()
    notice.say(to: log, at: Clock.monotonic(), isLast: true)
    do throws(ArchiveError) {
      try drain()
      try openFile()
      perform(state.note(try writer.write(), writer.figures, at: Clock.monotonic()))
      try drain()
      // There is no time left to start another file.
      let presence = writer.openFile?.presence ?? .whole
      if presence != .whole, presence != .moved { throw .gone(path: writer.path, how: presence.text) }
    } catch {
      log.error(
        "\(error): the sources keep the records that were not acknowledged",
        metadata: ["waiting": "\(writer.queuedCount)"]
      )
      _ = state.end()
      close()
      // Leave without goodbye, so that the log server waits for the archive.
      subscriber?.disconnect()
      throw error
    }
    subscriber?.acknowledge(state.end())
    close()
    subscriber?.cancel()
    log.info(
      "archived to \(writer.path)",
      metadata: ["records": "\(writer.recordCount)", "bytes": "\(writer.byteCount)"]
    )
  }

  /// Waits until all written records are flushed to disk; throws if the flush fails or the file is gone.
  private func drain() throws(ArchiveError) {
    while !state.isSynchronised {
      perform(state.hurry(at: Clock.monotonic()))
      disk.drain()
    }
    switch state.harm {
    case .notSynchronised(let error)?: throw .system(error)
    case .notThere(let presence)?: throw .gone(path: writer.path, how: presence.text)
    case nil: break
    }
  }

  // MARK: Actions

  private func perform(_ actions: [ArchiveState.Action]) {
    for action in actions { perform(action) }
    if !writer.isOpen, state.isSynchronised, state.harm == nil { file = nil }
    let deadline = state.deadline
    guard deadline != due else { return }
    due = deadline
    let now = Clock.monotonic()
    if due < .max { timer?.start(after: Double(due - min(due, now)) / 1e9) } else { timer?.cancel() }
  }

  private func perform(_ action: ArchiveState.Action) {
    switch action {
    case .write:
      attempt { () throws(ArchiveError) in state.wrote(try writer.write(), writer.figures, at: now) }
    case .open:
      attempt { () throws(ArchiveError) in
        try openFile()
        return state.opened(try writer.write(), writer.figures, at: now)
      }
    case .startOver(let harm):
      attempt { () throws(ArchiveError) in
        try startOver(harm)
        return state.startedOver()
      }
    case .close:
      close()
      perform(state.closed(at: now))
    case .name: perform(state.named(nameSegment(), at: now))
    case .look: look()
    case .synchronise: synchronise()
    // If the log server is away, the subscription after the next connect carries the positions.
    case .acknowledge(let sequences): subscriber?.acknowledge(sequences)
    case .subscribe: subscriber?.subscribe()
    case .disconnect: subscriber?.disconnect()
    case .reconnect: subscriber?.reconnect()
    case .pause: subscriber?.pause()
    case .resume: subscriber?.resume()
    case .tend: tend()
    case .say(let note): say(note)
    }
  }

  private var now: UInt64 { Clock.monotonic() }

  private func attempt(_ event: () throws(ArchiveError) -> [ArchiveState.Action]) {
    do throws(ArchiveError) {
      perform(try event())
    } catch {
      perform(state.failed(error, writer.figures, at: now))
    }
  }

  /// Opens the file unless it is open.
  private func openFile() throws(ArchiveError) {
    let path = configuration.verbatim.logPath + Self.fileName
    if let cut = try writer.open(path, at: Clock.now()) { log.warning("\(writer.path) \(cut)") }
    file = writer.openFile
  }

  private func openFirst(_ claims: ArchiveClaims = ArchiveClaims()) throws(ArchiveError) {
    let opening = try writer.openFirst(at: Clock.now(), claims: claims)
    file = writer.openFile
    if let cut = opening.cut { log.warning("\(writer.path) \(cut)") }
    if let predecessor = opening.predecessor { log.info("continuing after \(predecessor)") }
    log.info("archiving to \(writer.path)", metadata: ["records before": "\(opening.recordCount)"])
  }

  private func close() {
    do throws(ArchiveError) {
      try writer.close()
    } catch {
      log.error("\(error): the segment may end with a torn record")
    }
  }

  /// Starts over from the records that are on disk.
  private func startOver(_ harm: ArchiveState.Harm) throws(ArchiveError) {
    guard let file else { return }
    var claims = ArchiveClaims()
    do throws(IOError) {
      switch harm {
      case .notSynchronised:
        if file.size > file.synchronisedSize { try file.truncate(to: file.synchronisedSize) }
      case .notThere:
        claims = writer.claims
        try Folder.create(configuration.verbatim.logPath)
      }
    } catch {
      throw .system(error)
    }
    if case .notThere(.shortened) = harm, let cut = try file.salvage(at: Clock.now(), writer.format) {
      log.warning("\(file.path) \(cut)")
    }
    file.unlock()
    writer.openFile?.unlock()
    let former = writer
    writer = Self.writer(configuration, loop)
    do throws(ArchiveError) {
      try openFirst(claims)
    } catch {
      // Its claims are not accounted for yet.
      writer = former
      throw error
    }
  }

  /// Flushes written records to disk on a thread of its own, so that the stream continues meanwhile.
  private func synchronise() {
    guard let file else { return }
    let (size, descriptor, call) = (file.wholeSize, file.descriptor, limits.synchronise)
    disk.run {
      call(descriptor)
    } then: { [unowned self] code in
      // `file` keeps the descriptor open until this is called.
      if code == 0 { file.synchronisedSize = max(file.synchronisedSize, size) }
      let error = code == 0 ? nil : IOError("synchronise \(file.path)", code: code)
      perform(state.synchronised(error, writer.figures, at: now))
    }
  }

  /// Checks that the file is under its name and has the size that was written.
  func look() {
    let presence = writer.openFile?.presence ?? .whole
    if presence == .whole, let file = writer.openFile { file.checkedSize = file.size }
    perform(state.found(presence, writer.figures, at: now))
  }

  private func say(_ note: ArchiveState.Note) {
    let waiting: Logger.Metadata = ["waiting": "\(writer.queuedCount)"]
    switch note {
    case .failing(let error):
      log.error(
        "\(error); records are queued, and writing is retried, first in \(limits.retry) s",
        metadata: waiting
      )
    case .worksAgain: log.notice("writing to \(writer.path) works again", metadata: waiting)
    case .opened: log.info("writing to \(writer.path)")
    case .suspended:
      log.info("closed \(writer.path) for rotation", metadata: ["records": "\(writer.segmentCount)"])
    case .unsignalled:
      let time = configuration.verbatim.rotationTimeout
      log.warning("SIGUSR2 did not follow SIGUSR1 within \(time) s: reopening the file")
    case .moved:
      log.warning(
        "\(writer.path) was renamed or hidden \(limits.moved) s ago without a signal: starting a new file"
      )
    case .lost(.notSynchronised):
      guard let file else { return }
      let count = file.wholeSize - min(file.wholeSize, file.synchronisedSize)
      log.error("the last \(count) bytes of \(file.path) may not be on the disk; they are requested again")
    case .lost(.notThere(let presence)):
      log.critical(
        "\(writer.path) \(presence.text): its records are lost; requesting those that the sources still hold"
      )
    case .readingStops: log.warning("reading stops: \(writer.queuedCount) bytes are queued for the file")
    }
  }

  // MARK: Segments

  /// Starts the timers for rotating and for checking closed segments.
  private func schedule() {
    rotationPeriod?.cancel()
    rotationPeriod = nil
    let interval = configuration.verbatim.rotateInterval
    if interval > 0 {
      rotationPeriod = PeriodicWatcher(every: interval, on: loop) { [unowned self] in
        perform(state.write())
        perform(state.rotate(writer.figures, at: now))
      }
    }
    tendTimer?.cancel()
    if configuration.verbatim.keepDays > 0 { tendTimer?.start(after: limits.tending, every: limits.tending) }
    tend()
  }

  /// Renames the closed segment; false if that fails.
  private func nameSegment() -> Bool {
    let folder = configuration.verbatim.logPath
    let newest = SegmentKeeper.list(folder, Self.fileName)?
      .compactMap { SegmentName($0.name, of: Self.fileName)?.start }.max()
    // Names must ascend, even if the clock was set back.
    let start = max(writer.segmentStart / 1000, newest.map { $0 + 1 } ?? 0)
    let path = folder + SegmentName(start: start).text(of: Self.fileName)
    guard rename(writer.path, path) == 0 else {
      let error = IOError("rename \(writer.path) to \(path)")
      log.error("\(error): the segment continues; next attempt in \(Int(limits.tending)) s at the earliest")
      return false
    }
    log.info("closed \(path)", metadata: ["records": "\(writer.segmentCount)"])
    return true
  }

  private func tend() {
    let settings = configuration.verbatim
    let rules = SegmentKeeper.Rules(
      format: writer.format,
      // The newest segment holds the archive's positions until the next one does, so it stays uncompressed
      // until then.
      compression: state.isWriting ? settings.compression : 0,
      keepBytes: settings.keepBytes,
      keepTime: UInt64(settings.keepDays * 86_400_000_000)
    )
    let (folder, closed) = (settings.logPath, writer.closedInode)
    tender.tend(folder, Self.fileName, rules, closedInode: closed, openSince: writer.segmentStart)
  }
}

extension Verbatim: LogSubscriberHandler {
  /// Queues records for the file.
  public func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    do throws(WireError) {
      notice.add(try writer.append(records, at: Clock.now()))
    } catch {
      // The subscriber has already checked the records' bounds.
      log.error("a record could not be read: \(error)")
    }
    if notice.isPending { notice.say(to: log, at: now) }
    perform(state.received(writer.figures))
  }

  /// The archive's positions, as far as they are safe; nil while a flush is pending.
  public func positions(for subscriber: LogSubscriber) -> [ArchivePosition]? {
    if state.isSynchronised { return writer.positions }
    perform(state.awaitPositions(at: now))
    return nil
  }

  /// Logs the connection, and forgets which sources are live.
  public func subscriberDidConnect(_ subscriber: LogSubscriber) {
    complaint = nil
    writer.forgetLive()
    log.info("connected to the log server")
    if state.isPaused { subscriber.pause() }
  }

  /// Logs the reason, unless it was the last one logged.
  public func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {
    guard reason != complaint else { return }
    complaint = reason
    log.warning("no log server: \(reason)", metadata: ["records": "\(writer.recordCount)"])
  }
}
