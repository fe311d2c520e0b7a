import Access
import Glibc
import Bytes
import Configuration
import Daemon
import EventLoop
import Logging
import LogProtocol

/// The archiver: subscribes to everything and writes it to `verbatim.log`, byte for byte.
///
/// It acknowledges what the kernel has taken for the file, or where so configured what the disk has, so a source
/// sends again what was lost with a killed archiver. Where the file cannot be written it keeps what comes, and stops
/// reading when that is much.
public final class Verbatim {
  /// What it is doing with the file.
  enum State: Equatable {
    /// Writing to it.
    case writing
    /// Trying again and again what the system refuses.
    case failing(ArchiveError)
    /// Waiting for the disk to have a segment that is full, before the next one is begun; records are queued.
    case rotating
    /// Waiting for the second signal of a rotation; records are queued.
    case suspended
  }

  /// What can happen to a file.
  enum Harm {
    /// The disk has not kept something of it.
    case notSynchronised(IOError)
    /// Somebody has deleted or shortened it.
    case notThere(SegmentPresence)
  }

  /// Times and sizes that tests make smaller.
  struct Limits {
    /// Bytes that may wait for the file before reading stops.
    var queue = 64 << 20
    /// Bytes after which is written without waiting for the end of a batch.
    var batch = 1 << 20
    /// Seconds between the first two attempts to write; every further time twice as long, up to 16 times as long.
    var retry = 1.0
    /// Seconds for which acknowledgements are gathered.
    var acknowledgement = 0.05
    /// Seconds between looks at how old closed segments are, and after a rotation that failed.
    var tending = 60.0
    /// Seconds between looks at whether the file is there, where nothing is acknowledged.
    var presence = 1.0
    /// Seconds after which a new file is begun where the former was renamed without a signal.
    var moved = 10.0
    /// What asks the disk to keep a file.
    var synchronise = Synchroniser.systemCall
  }

  /// The archive's name in its folder.
  public static let fileName = "verbatim.log"

  let loop: EventLoop
  let log: Logger
  let limits: Limits
  var writer: ArchiveWriter
  var subscriber: LogSubscriber?
  var state = State.writing
  var isPaused = false
  var notice = GapNotice()
  var complaint: String?

  /// A file that may not have what was written to it, so that the rest has to be asked for again; and why.
  var lost: (file: SegmentFile, harm: Harm)?
  /// Since when the file has not been under its name, in ns on a clock that does not step; nil while it is.
  var movedSince: UInt64?
  var presenceTimer: TimerWatcher?
  /// Whether the file is to be opened when the disk has what was written to the former.
  var isReopenDue = false
  var retryDelay = 0.0
  var synchroniser: Synchroniser!
  let keeping: Worker
  let cancellation = SegmentKeeper.Cancellation()
  var isTendingDue = false
  var rotationPeriod: PeriodicWatcher?
  var tendTimer: TimerWatcher?
  /// Before this no segment is closed, as renaming one failed; in ns, on a clock that does not step.
  var rotationPause: UInt64 = 0

  var configuration: Configuration
  var acknowledgements: [UInt32: UInt64] = [:]
  var acknowledgedByteCount: UInt64 = 0
  var writeTimer: TimerWatcher?
  var retryTimer: TimerWatcher?
  var acknowledgeTimer: TimerWatcher?
  var rotationTimer: TimerWatcher?
  var resumeTimer: TimerWatcher?

  /// Where the archive belongs now.
  var path: String { configuration.verbatim.logPath + Self.fileName }

  /// Opens the archive that the configuration names and starts to look for the log server.
  public convenience init(_ configuration: Configuration, log: Logger) throws {
    try self.init(configuration, log: log, limits: Limits())
  }

  init(_ configuration: Configuration, log: Logger, limits: Limits) throws {
    self.configuration = configuration
    self.log = log
    self.limits = limits
    loop = EventLoop(pool: ChunkPool(chunkCapacity: 256 << 10, spareLimit: 16))
    keeping = Worker(on: loop, niceness: 10)
    writer = Self.writer(configuration, loop)
    synchroniser = makeSynchroniser()
    tendTimer = TimerWatcher(on: loop) { [unowned self] in tend() }
    writeTimer = TimerWatcher(on: loop) { [unowned self] in write() }
    retryTimer = TimerWatcher(on: loop) { [unowned self] in retry() }
    acknowledgeTimer = TimerWatcher(on: loop) { [unowned self] in acknowledge() }
    resumeTimer = TimerWatcher(on: loop) { [unowned self] in resumeReading() }
    rotationTimer = TimerWatcher(on: loop) { [unowned self] in endRotation() }
    presenceTimer = TimerWatcher(on: loop) { [unowned self] in checkPresence() }
    presenceTimer?.start(after: limits.presence, every: limits.presence)
    let opening = try writer.openFirst(at: Clock.now())
    tell(opening)
    var subscription = Subscription()
    subscription.isArchiving = true
    let server = SocketAddress(server: configuration.logger.subscribeAddress)
    let key = try configuration.readAccessKey().flatMap(AccessKey.init)
    subscriber = LogSubscriber(to: server, key: key, subscription, on: loop, handler: self)
    write()
    schedule()
  }

  func makeSynchroniser() -> Synchroniser {
    Synchroniser(configuration.verbatim, on: loop, call: limits.synchronise) { [unowned self] in
      synchronised($0)
    }
  }

  static func writer(_ configuration: Configuration, _ loop: EventLoop) -> ArchiveWriter {
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

  deinit { cancellation.cancel() }
}
