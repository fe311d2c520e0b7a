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
/// It acknowledges what the kernel has taken for the file, or where so configured what the disk has, so a source
/// sends again what was lost with a killed archiver. Where the file cannot be written it keeps what comes, and stops
/// reading when that is much. `ArchiveState` decides; this does the I/O.
public final class Verbatim {
  /// Times and sizes that tests make smaller.
  typealias Limits = ArchiveState.Limits

  /// The archive's name in its folder.
  public static let fileName = "verbatim.log"

  let loop: EventLoop
  /// Looks after closed segments.
  let tender: SegmentTender
  /// The file and what waits for it.
  private(set) var writer: ArchiveWriter
  /// What is done with the file.
  private(set) var state: ArchiveState

  private let log: Logger
  private let limits: Limits
  private var configuration: Configuration
  private var subscriber: LogSubscriber?
  private var notice = GapNotice()
  private var complaint: String?
  /// The file that is open, or was until the disk has all of it.
  private var file: SegmentFile?
  private let disk: Worker
  private var timer: TimerWatcher?
  /// When the timer is due, in ns on a clock that does not step.
  private var due = UInt64.max
  private var tendTimer: TimerWatcher?
  private var rotationPeriod: PeriodicWatcher?

  /// Opens the archive that the configuration names and starts to look for the log server.
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
  /// SIGUSR1 closes the file, SIGUSR2 opens it anew, SIGHUP reads the configuration again and does both.
  ///
  /// - Parameters:
  ///   - manager: the service manager that is told how it is.
  ///   - reopenLog: opens the program's own log file anew, on SIGHUP.
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
    // A file size limit shall be an error like a full disk's.
    signal(SIGXFSZ, SIG_IGN)
    loop.run()
    watchers.forEach { $0.cancel() }
    try finish()
  }

  // MARK: Signals

  /// Writes whole records as far as possible and closes the file; records queue until it is opened again.
  func suspend() {
    if configuration.verbatim.rotatesItself {
      log.warning("rotated by a signal, though verbatim.rotate_size or rotate_interval is set: one is enough")
    }
    perform(state.write())
    perform(state.suspend(at: Clock.monotonic()))
  }

  /// Opens the file anew, which may be a new one, and writes what waits.
  func reopen() {
    perform(state.write())
    perform(state.reopen(at: Clock.monotonic()))
  }

  /// Reads the configuration again; a wrong one changes nothing. The file is opened anew in any case.
  func reload() {
    do throws(ConfigurationError) {
      configuration = try configuration.reread()
    } catch {
      log.error("the configuration stays as it was: \(error)")
    }
    do throws(IOError) {
      try Folder.create(configuration.verbatim.logPath)
    } catch {
      log.error("\(error)")
    }
    if (configuration.verbatim.format == .native) != (writer.format == .native) {
      log.warning("verbatim.format changes when verbatim is started the next time")
    }
    state.settings = configuration.verbatim
    reopen()
    schedule()
  }

  /// Writes and acknowledges everything and leaves.
  func finish() throws(ArchiveError) {
    tender.cancel()
    notice.say(to: log, at: Clock.monotonic(), isLast: true)
    do throws(ArchiveError) {
      try drain()
      try openFile()
      perform(state.note(try writer.write(), writer.figures, at: Clock.monotonic()))
      try drain()
      // There is no time for another file.
      let presence = writer.openFile?.presence ?? .whole
      if presence != .whole, presence != .moved { throw .gone(path: writer.path, how: presence.text) }
    } catch {
      log.error(
        "\(error): what was not acknowledged its sources keep",
        metadata: ["waiting": "\(writer.queuedCount)"]
      )
      _ = state.end()
      close()
      // No goodbye: the log server waits for an archive that was lost.
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

  /// Waits until the disk has all that was written; throws where it does not.
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
    // If the log server is away it hears the positions when it is back.
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
    if let predecessor = opening.predecessor { log.info("going on after \(predecessor)") }
    log.info("archiving to \(writer.path)", metadata: ["records before": "\(opening.recordCount)"])
  }

  private func close() {
    do throws(ArchiveError) {
      try writer.close()
    } catch {
      log.error("\(error): the segment may end with a torn record")
    }
  }

  /// Begins anew with what the disk has.
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
      // What it claimed is still to be accounted for.
      writer = former
      throw error
    }
  }

  /// Has the disk keep what is written, on a thread of its own, so that the stream goes on meanwhile.
  private func synchronise() {
    guard let file else { return }
    let (size, descriptor, call) = (file.wholeSize, file.descriptor, limits.synchronise)
    disk.run {
      call(descriptor)
    } then: { [unowned self] code in
      // The file stays open for as long as this is waited for.
      if code == 0 { file.synchronisedSize = max(file.synchronisedSize, size) }
      let error = code == 0 ? nil : IOError("synchronise \(file.path)", code: code)
      perform(state.synchronised(error, writer.figures, at: now))
    }
  }

  /// Looks whether the file is there, under its name, as long as it was written.
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
        "\(error); what comes waits, and it is tried again, first in \(limits.retry) s",
        metadata: waiting
      )
    case .worksAgain: log.notice("writing to \(writer.path) works again", metadata: waiting)
    case .opened: log.info("writing to \(writer.path)")
    case .suspended:
      log.info("closed \(writer.path) for rotation", metadata: ["records": "\(writer.segmentCount)"])
    case .unsignalled:
      let time = configuration.verbatim.rotationTimeout
      log.warning("SIGUSR2 has not followed SIGUSR1 within \(time) s: opening the file again")
    case .moved:
      log.warning(
        "\(writer.path) was renamed or hidden \(limits.moved) s ago without a signal: a new file is begun"
      )
    case .lost(.notSynchronised):
      guard let file else { return }
      let count = file.wholeSize - min(file.wholeSize, file.synchronisedSize)
      log.error("the last \(count) bytes of \(file.path) may not be on the disk; they are asked for again")
    case .lost(.notThere(let presence)):
      log.critical(
        "\(writer.path) \(presence.text): what was archived there is lost; what the sources still hold is asked for again"
      )
    case .readingStops: log.warning("reading stops: \(writer.queuedCount) bytes wait for the file")
    }
  }

  // MARK: Segments

  /// Sets the times at which segments are closed and looked after.
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

  /// Renames the segment that was closed; false if that fails.
  private func nameSegment() -> Bool {
    let folder = configuration.verbatim.logPath
    let newest = SegmentKeeper.list(folder, Self.fileName)?
      .compactMap { SegmentName($0.name, of: Self.fileName)?.start }.max()
    // Names rise, also where the clock was set back.
    let start = max(writer.segmentStart / 1000, newest.map { $0 + 1 } ?? 0)
    let path = folder + SegmentName(start: start).text(of: Self.fileName)
    guard rename(writer.path, path) == 0 else {
      let error = IOError("rename \(writer.path) to \(path)")
      log.error("\(error): the segment goes on; tried again in \(Int(limits.tending)) s at the earliest")
      return false
    }
    log.info("closed \(path)", metadata: ["records": "\(writer.segmentCount)"])
    return true
  }

  private func tend() {
    let settings = configuration.verbatim
    let rules = SegmentKeeper.Rules(
      format: writer.format,
      // The newest one tells how far the archive has come, until the next one does.
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
      // The subscriber has found the records' bounds already.
      log.error("a record could not be read: \(error)")
    }
    if notice.isPending { notice.say(to: log, at: now) }
    perform(state.received(writer.figures))
  }

  /// How far the archive has come, in what is safe; nil while the disk is being asked for that.
  public func positions(for subscriber: LogSubscriber) -> [ArchivePosition]? {
    if state.isSynchronised { return writer.positions }
    perform(state.awaitPositions(at: now))
    return nil
  }

  /// Says so.
  public func subscriberDidConnect(_ subscriber: LogSubscriber) {
    complaint = nil
    writer.forgetLive()
    log.info("connected to the log server")
    if state.isPaused { subscriber.pause() }
  }

  /// Says so, once for each reason.
  public func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {
    guard reason != complaint else { return }
    complaint = reason
    log.warning("no log server: \(reason)", metadata: ["records": "\(writer.recordCount)"])
  }
}
