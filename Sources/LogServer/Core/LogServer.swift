import Access
import BitcoinWire
import Bytes
import Configuration
import EventLoop
import Glibc
import Logging
import LogProtocol
import Observations

/// Receives records from sources and forwards them to readers, on one thread.
///
/// It stores no records. A reader's unread records wait in its queue, within a bound. Sources keep the
/// records that archiving readers have not acknowledged.
public final class LogServer {
  let loop: EventLoop
  let logger: Logger

  /// A random number. It shows sources that they are connected to a server that knows nothing about them.
  let instance = UInt64.random(in: 1 ... .max)

  /// The live sources and connections.
  var table = ConnectionTable()

  /// Most bytes queued for one reader (`logger.max_buffer`).
  private(set) var readerLimit: Int

  /// Most bytes of memory for the queues of all readers (`logger.max_total_buffer`).
  private(set) var totalLimit: Int

  /// Most bytes of memory for incomplete records (`logger.max_unfinished`).
  private(set) var unfinishedLimit: Int

  /// Bytes received since the memory of incomplete records was last checked.
  var takenSinceLook = 0

  /// Most bytes of chunks that one reader's queue may keep alive. Chunks are kept whole, and with one slow
  /// reader the whole process must stay within `readerLimit`.
  var heldLimit: Int { max(readerLimit - min(readerLimit / 2, 32 << 20), 2 * loop.pool.chunkCapacity) }

  /// Seconds within which a connection must say hello or subscribe: each uses a descriptor, and they are
  /// limited.
  var greetingTime = 10.0

  /// Seconds that the server waits for former sources after its start. They try to reconnect every 5 s.
  var returnTime = 10.0 { didSet { returning?.start(after: returnTime) } }

  /// Seconds without progress after which sources are no longer held up for an archive.
  var archivePatience = 1.0

  /// Seconds within which a source must answer a rewind.
  var rewindTime = 10.0

  private var registry: SourceRegistry
  var listeners: [Listener] = []
  var sourceLinks: [SourceLink] = []
  var coinscopeSources: [CoinscopeSource] = []
  var readers: [ReaderLink] = []
  var coinscopeReaders: [CoinscopeReader] = []
  var coinscopeGroups: [CoinscopeTranslator] = []
  var hold: TimerWatcher?
  var isHolding = false
  /// Progress of the archives that sources are held up for; nil if they are not held up for any.
  var archiveHold: ArchiveHold?
  var archiveHoldTimer: TimerWatcher?
  var takenSinceHold = 0
  /// Start of the count in `takenSinceHold`, on the monotonic clock in ns.
  var takenFrom: UInt64 = 0
  private var acknowledgement: TimerWatcher?
  private var grace: TimerWatcher?
  private var returning: TimerWatcher?
  private var graceEnd: UInt64
  private var archiveGrace: Double
  private var counts: ServerStatus
  let socketGroup: UInt32?
  let socketMode: UInt32
  var gates: [AccessGate] = []

  /// Creates a server that listens on the configured sockets.
  ///
  /// - Parameter socketGroup: id of the group that the unix sockets are given to; nil leaves them to the
  ///   process's group.
  /// - Throws: `IOError` if a folder cannot be created or a socket cannot be listened on,
  ///   `ConfigurationError` if the key cannot be read.
  public init(
    _ configuration: Configuration,
    socketGroup: UInt32? = nil,
    on loop: EventLoop,
    logger: Logger
  ) throws {
    self.loop = loop
    self.logger = logger
    let root = configuration.logger.root
    self.socketGroup = socketGroup
    socketMode = configuration.permissions.socketMode
    readerLimit = configuration.logger.maxBuffer
    totalLimit = configuration.logger.maxTotalBuffer
    unfinishedLimit = configuration.logger.maxUnfinished
    archiveGrace = configuration.logger.archiveGrace
    graceEnd = Self.monotonic(after: configuration.logger.archiveGrace)
    try Self.makeFolder(root)
    try Self.makeFolder(root + "clients/")
    registry = SourceRegistry(file: root + "source-ids")
    counts = ServerStatus(since: Clock.now(), process: UInt32(getpid()), version: Netmine.version)
    acknowledgement = TimerWatcher(on: loop) { [unowned self] in acknowledge() }
    let key = try configuration.readAccessKey().flatMap(AccessKey.init)
    try listen(configuration, key)
    grace = TimerWatcher(on: loop) { [unowned self] in acknowledgeSoon() }
    grace?.start(after: archiveGrace)
    returning = TimerWatcher(on: loop) { [unowned self] in readers.forEach { tellUnreturned(to: $0) } }
    returning?.start(after: returnTime)
  }

  /// Applies the settings that may change at run time: the queue limits and the archive grace.
  public func reload(_ configuration: Configuration) {
    readerLimit = configuration.logger.maxBuffer
    totalLimit = configuration.logger.maxTotalBuffer
    unfinishedLimit = configuration.logger.maxUnfinished
    archiveGrace = configuration.logger.archiveGrace
  }

  /// Closes listeners and sources, lets readers drain their queues for up to two seconds, then stops the
  /// loop. Sources keep the records that were not acknowledged.
  public func shutDown() {
    for listener in listeners { listener.close() }
    for link in sourceLinks { link.close("log server shuts down") }
    for link in coinscopeSources { link.leave("log server shuts down") }
    let deadline = Self.monotonic(after: 2)
    acknowledgement = TimerWatcher(on: loop) { [unowned self] in
      let isDrained =
        readers.allSatisfy { $0.unsentCount == 0 } && coinscopeReaders.allSatisfy { $0.unsentCount == 0 }
      if isDrained || Clock.monotonic() > deadline { loop.stop() }
    }
    acknowledgement?.start(after: 0, every: 0.01)
  }

  // MARK: Sources

  /// Whether a secret matches an instance. True for an instance the server does not know.
  func isProven(_ instance: UInt64, by secret: SourceSecret) -> Bool {
    guard let known = registry.sources[instance] else { return true }
    return known.proof == secret.digest
  }

  /// Registers a source, known or new. Its former connection is closed: the secret proves that both are the
  /// same source, so the former connection is dead or its end is about to be noticed.
  ///
  /// - Parameters:
  ///   - proof: the digest of its secret; nil for a source in coinscope's format.
  ///   - holding: the number of records that the source says it keeps.
  func admit(
    _ description: SourceDescription,
    formerID: UInt32,
    proof: Bytes32? = nil,
    holding: UInt64 = 0,
    link: SourceLink?
  ) -> KnownSource {
    let (source, forgotten) = registry.admit(description, formerID: formerID, proof: proof)
    // Readers remember a source that may return, so that they do not get its records twice.
    if let forgotten, !forgotten.mayReturn {
      for reader in readers { reader.forget(forgotten.description.instance) }
    }
    if let former = source.link, former !== link { former.close("the same source connected again") }
    source.link = link
    source.departure = nil
    table.join(source.id, description)
    logger.info(
      "source joined",
      metadata: ["source": "\(source.id)", "kind": "\(description.kind)", "holding": "\(holding)"]
    )
    announce(.sourceJoined(source: source.id, description))
    return source
  }

  /// Whether the server knows an instance, connected or not.
  func knows(_ instance: UInt64) -> Bool { registry.sources[instance] != nil }

  /// The instance that an id belongs to.
  func instance(of id: UInt32) -> UInt64? { table.sources[id]?.instance ?? registry.instance(of: id) }

  func removed(_ link: SourceLink, saidGoodbye: Bool, reason: String) {
    sourceLinks.removeAll { $0 === link }
    guard let source = link.source, source.link === link else { return }
    source.link = nil
    left(source, saidGoodbye: saidGoodbye, reason: reason)
  }

  func removed(_ link: CoinscopeSource, reason: String) {
    coinscopeSources.removeAll { $0 === link }
    if let source = link.source { left(source, saidGoodbye: false, reason: reason) }
  }

  private func left(_ source: KnownSource, saidGoodbye: Bool, reason: String) {
    source.leftAt = Clock.monotonic()
    source.departure = (saidGoodbye, reason)
    table.leave(source.id)
    let text = saidGoodbye ? "source left" : "source left without goodbye"
    logger.log(
      level: saidGoodbye ? .info : .warning,
      "\(text)",
      metadata: ["source": "\(source.id)", "kind": "\(source.description.kind)", "reason": "\(reason)"]
    )
    if let meta = departure(of: source) { announce(meta) }
  }

  private func departure(of source: KnownSource) -> MetaBody? {
    source.departure.map { departure in
      .sourceLeft(
        source: source.id,
        saidGoodbye: departure.saidGoodbye,
        lastSequence: source.lastSequence,
        reason: departure.reason
      )
    }
  }

  private func announce(_ meta: MetaBody) {
    for reader in readers where reader.subscription != nil { tell(meta, to: reader) }
  }

  private func tell(_ meta: MetaBody, to reader: ReaderLink) {
    let body = meta.body
    reader.send(RecordHeader(type: .meta, time: Clock.now(), bodyCount: body.count).record(body: body))
  }

  // MARK: Forwarding

  /// Updates the live connections from a new record.
  func note(_ header: RecordHeader, body: UnsafeRawBufferPointer) { table.note(header, body: body) }

  /// Forwards whole records to the readers that want them.
  func forward(_ run: ForwardedRun) {
    takenSinceHold += run.byteCount
    if run.isNew {
      run.source.lastSequence = run.sequences.upperBound
      counts.records += UInt64(run.count)
      counts.bytes += UInt64(run.byteCount)
    }
    for reader in readers { reader.offer(run) }
    guard run.isNew, !coinscopeReaders.isEmpty else { return }
    for group in coinscopeGroups where coinscopeReaders.contains(where: { $0.types == group.types }) {
      group.translate(run) { slice in
        for reader in coinscopeReaders where reader.types == group.types { reader.send(slice) }
      }
    }
  }

  /// Ends the forwarding of one read from a source: checks limits, then schedules acknowledgements.
  func endForwarding() {
    if loop.pool.lentCount > totalLimit { makeRoom() }
    holdIfLagging()
    holdForArchives()
    acknowledgeSoon()
  }

  /// Drops the longest queues until the queues of all readers are within their limit.
  private func makeRoom() {
    // Incomplete records of sources do not count against the readers.
    let limit = totalLimit + sourceLinks.reduce(0) { $0 + $1.partialCount }
    var candidates: [(held: Int, giveWay: () -> Void)] = readers.map { reader in
      (reader.heldCount, { reader.giveWay() })
    }
    candidates += coinscopeReaders.map { reader in (reader.heldCount, { reader.giveWay() }) }
    for candidate in candidates.sorted(by: { $0.held > $1.held }) where candidate.held > 0 {
      guard loop.pool.lentCount > limit else { return }
      candidate.giveWay()
    }
  }

  func missed(records: Int, bytes: Int) {
    counts.missedRecords += UInt64(records)
    counts.missedBytes += UInt64(bytes)
  }

  // MARK: Readers and acknowledgements

  /// Reports departed sources to an archiving reader, then asks every source to resend the records that it
  /// lacks.
  func resume(_ reader: ReaderLink) {
    logger.info("archiving reader joined")
    for source in registry.sources.values { tellDeparture(of: source, to: reader) }
    rewindSources(for: reader)
  }

  /// Asks every connected source to resend the records that an archiving reader was not given.
  func rewindSources(for reader: ReaderLink) {
    for (instance, source) in registry.sources {
      let position = reader.queued[instance, default: 0]
      guard position < source.lastSequence else { continue }
      if let link = source.link {
        reader.awaitRewind(of: source)
        link.rewind(after: position, for: reader)
      } else if source.departure == nil {
        // A source in coinscope's format keeps no records.
        reader.forgo(source, upTo: source.lastSequence)
      }
    }
  }

  /// Reports to an archiving reader that a source has left, as it may have missed that. A source that the
  /// reader does not know is reported only if some of its records were never acknowledged; otherwise the
  /// archive has forgotten it, records and all.
  private func tellDeparture(of source: KnownSource, to reader: ReaderLink) {
    guard let departure = departure(of: source) else { return }
    if reader.queued[source.description.instance] == nil {
      guard source.acknowledged < source.lastSequence else { return }
      tell(.sourceJoined(source: source.id, source.description), to: reader)
    }
    tell(departure, to: reader)
  }

  /// Reports sources that the archive has not seen leave and that have not returned since the server started:
  /// they left while no server was running.
  func tellUnreturned(to reader: ReaderLink) {
    guard returning?.isRunning == false else { return }
    for position in reader.takePositions() where registry.sources[position.instance] == nil {
      let reason = "not back since the log server was started"
      tell(
        .sourceLeft(
          source: position.source,
          saidGoodbye: false,
          lastSequence: position.sequence,
          reason: reason
        ),
        to: reader
      )
    }
  }

  /// The sequence number after which a connecting source resumes: the last one that every archiving reader
  /// has and that was forwarded to the other readers.
  func resumption(of source: KnownSource) -> UInt64 {
    var sequence = source.lastSequence
    for reader in readers where reader.isArchiving {
      reader.rewound(source)
      sequence = min(sequence, reader.queued[source.description.instance, default: 0])
    }
    return sequence
  }

  func removed(_ reader: ReaderLink, saidGoodbye: Bool, reason: String) {
    readers.removeAll { $0 === reader }
    guard reader.isArchiving else { return }
    endArchiveHoldIfPossible()
    logger.log(
      level: saidGoodbye ? .info : .warning,
      "archiving reader left",
      metadata: ["goodbye": "\(saidGoodbye)", "reason": "\(reason)"]
    )
    // An archive that said goodbye may be restarting too, and must not miss records.
    graceEnd = Self.monotonic(after: archiveGrace)
    grace?.start(after: archiveGrace)
  }

  func removed(_ reader: CoinscopeReader) { coinscopeReaders.removeAll { $0 === reader } }

  /// Acknowledges safe records to their sources within 20 ms.
  func acknowledgeSoon() {
    let hasArchive = readers.contains { $0.isArchiving }
    guard hasArchive || Clock.monotonic() >= graceEnd else { return }
    guard let acknowledgement, !acknowledgement.isRunning else { return }
    acknowledgement.start(after: 0.02)
  }

  /// Acknowledges safe records. A record is safe when every archiving reader has it. Without archiving
  /// readers it is safe when it was forwarded, once `archiveGrace` seconds have passed since the last one
  /// left or the server started.
  private func acknowledge() {
    let archives = readers.filter { $0.isArchiving }
    guard !archives.isEmpty || Clock.monotonic() >= graceEnd else { return }
    for (instance, source) in registry.sources where source.acknowledged < source.lastSequence {
      let archived = archives.map { $0.acknowledged[instance, default: 0] }.min() ?? source.lastSequence
      // A reader may acknowledge more than exists.
      let safe = min(archived, source.lastSequence)
      guard safe > source.acknowledged else { continue }
      source.acknowledged = safe
      source.link?.acknowledge(safe)
    }
  }

  private static func monotonic(after seconds: Double) -> UInt64 {
    Clock.monotonic() + UInt64(max(0, seconds) * 1e9)
  }

  // MARK: Status

  /// The server's counters, readers and live sources.
  public var status: ServerStatus {
    var status = counts
    status.readers = UInt32(
      clamping: readers.count { $0.subscription != nil } + coinscopeReaders.count
    )
    status.archivingReaders = UInt32(clamping: readers.filter(\.isArchiving).count)
    status.sources = table.sources.keys.sorted().map { id in
      let description = table.sources[id]!
      let known = registry.sources[description.instance]
      return ServerStatus.Source(
        id: id,
        description: description,
        lastSequence: known?.lastSequence ?? 0,
        acknowledged: known?.acknowledged ?? 0,
        connections: UInt32(clamping: table.connections(of: id).count)
      )
    }
    return status
  }
}
