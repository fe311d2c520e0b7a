import Access
import BitcoinWire
import Bytes
import Configuration
import EventLoop
import Glibc
import Logging
import LogProtocol
import Observations

/// Takes records from sources and forwards them to readers, on one thread.
///
/// It keeps no records: what readers have not taken waits in their queues, within a bound; what archiving
/// readers have not acknowledged is kept by the sources.
public final class LogServer {
  let loop: EventLoop
  let logger: Logger

  /// A random number: sources tell by it that they talk to a server that knows nothing of them.
  let instance = UInt64.random(in: 1 ... .max)

  /// Which sources and connections are live.
  var table = ConnectionTable()

  /// Most bytes that may be kept for one reader.
  private(set) var readerLimit: Int

  /// Most bytes of memory that may be kept for all of them.
  private(set) var totalLimit: Int

  /// Most bytes of memory for records that were sent in part.
  private(set) var unfinishedLimit: Int

  /// Bytes taken since it was last looked how much of them that is.
  var takenSinceLook = 0

  /// Most bytes of memory that what waits for one reader may keep: chunks are kept as a whole, and the process
  /// as a whole is to stay within the readers' bound where there is one slow reader.
  var heldLimit: Int { max(readerLimit - min(readerLimit / 2, 32 << 20), 2 * loop.pool.chunkCapacity) }

  /// Seconds in which a connection must say what it is: each takes a descriptor, of which there are only so many.
  var greetingTime = 10.0

  /// Seconds after its start that the server waits for sources that were here before: they look for it every 5.
  var returnTime = 10.0 { didSet { returning?.start(after: returnTime) } }

  /// Seconds without progress after which sources are not held up any longer for an archive.
  var archivePatience = 1.0

  /// Seconds in which a source must begin to send again what it is asked for.
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
  /// Since when sources are held up because an archive is full; nil while they are not.
  var archiveHold: ArchiveHold?
  var archiveHoldTimer: TimerWatcher?
  var takenSinceHold = 0
  /// Since when, on the monotonic clock in ns.
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

  /// Creates a server that listens where the configuration says.
  ///
  /// - Parameter socketGroup: id of the group that unix sockets are given to; nil: they stay ours.
  /// - Throws: `IOError` where a folder cannot be made or a socket not be listened on, `ConfigurationError` where
  ///   the key cannot be read.
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

  /// Takes over what may change while running: the readers' bounds and the archive's grace.
  public func reload(_ configuration: Configuration) {
    readerLimit = configuration.logger.maxBuffer
    totalLimit = configuration.logger.maxTotalBuffer
    unfinishedLimit = configuration.logger.maxUnfinished
    archiveGrace = configuration.logger.archiveGrace
  }

  /// Takes nothing more, gives readers up to two seconds to take what waits for them, and stops the loop.
  /// What sources have not been acknowledged they keep.
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

  /// Whether a secret is that of an instance, as far as the server knows that.
  func isProven(_ instance: UInt64, by secret: SourceSecret) -> Bool {
    guard let known = registry.sources[instance] else { return true }
    return known.proof == secret.digest
  }

  /// Takes in a source, known or new. A connection that it had is closed: whoever proves to be the same source is it, and
  /// the former connection is dead or about to be noticed.
  ///
  /// - Parameters:
  ///   - proof: the digest of its secret; nil for a source in coinscope's format.
  ///   - holding: how many records it keeps, as it says.
  func admit(
    _ description: SourceDescription,
    formerID: UInt32,
    proof: Bytes32? = nil,
    holding: UInt64 = 0,
    link: SourceLink?
  ) -> KnownSource {
    let (source, forgotten) = registry.admit(description, formerID: formerID, proof: proof)
    // One that may come back is remembered by readers, so that they do not get its records twice.
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

  /// Whether an instance is here, or was.
  func knows(_ instance: UInt64) -> Bool { registry.sources[instance] != nil }

  /// Which instance has an id.
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

  /// Takes in a new record that may change which connections are live.
  func note(_ header: RecordHeader, body: UnsafeRawBufferPointer) { table.note(header, body: body) }

  /// Forwards whole records to whoever wants them.
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

  /// Ends what a read of a source brought.
  func endForwarding() {
    if loop.pool.lentCount > totalLimit { makeRoom() }
    holdIfLagging()
    holdForArchives()
    acknowledgeSoon()
  }

  /// Has the readers for whom most waits give way until what waits for all is within its bound.
  private func makeRoom() {
    // What sources have not sent to the end is not the readers' fault.
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

  /// Has every source send again what an archiving reader does not have, and tells it who left while it was away.
  func resume(_ reader: ReaderLink) {
    logger.info("archiving reader joined")
    for source in registry.sources.values { tellDeparture(of: source, to: reader) }
    rewindSources(for: reader)
  }

  /// Has every source that is here send again what an archiving reader was not given.
  func rewindSources(for reader: ReaderLink) {
    for (instance, source) in registry.sources {
      let position = reader.queued[instance, default: 0]
      guard position < source.lastSequence else { continue }
      if let link = source.link {
        reader.awaitRewind(of: source)
        link.rewind(after: position, for: reader)
      } else if source.departure == nil {
        // A source in coinscope's format keeps nothing.
        reader.forgo(source, upTo: source.lastSequence)
      }
    }
  }

  /// Tells an archiving reader, which may not have heard it, that a source has left. One that does not know it had
  /// forgotten it, with all of its records, unless some were never acknowledged.
  private func tellDeparture(of source: KnownSource, to reader: ReaderLink) {
    guard let departure = departure(of: source) else { return }
    if reader.queued[source.description.instance] == nil {
      guard source.acknowledged < source.lastSequence else { return }
      tell(.sourceJoined(source: source.id, source.description), to: reader)
    }
    tell(departure, to: reader)
  }

  /// Tells an archiving reader of sources that it has not heard leave, and that have not come back since the server
  /// was started: they left while there was none.
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

  /// After which sequence a source that connects goes on: the last one that every archiving reader has, and
  /// that was forwarded to the others.
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
    // One that left in order may be on its way back too: whoever restarts it wants to miss nothing.
    graceEnd = Self.monotonic(after: archiveGrace)
    grace?.start(after: archiveGrace)
  }

  func removed(_ reader: CoinscopeReader) { coinscopeReaders.removeAll { $0 === reader } }

  /// Tells sources within 20 ms how far their records are safe.
  func acknowledgeSoon() {
    let hasArchive = readers.contains { $0.isArchiving }
    guard hasArchive || Clock.monotonic() >= graceEnd else { return }
    guard let acknowledgement, !acknowledgement.isRunning else { return }
    acknowledgement.start(after: 0.02)
  }

  /// A record is safe when every archiving reader has it; where there is none, and none that left without
  /// goodbye may still come back, when it was forwarded.
  private func acknowledge() {
    let archives = readers.filter { $0.isArchiving }
    guard !archives.isEmpty || Clock.monotonic() >= graceEnd else { return }
    for (instance, source) in registry.sources where source.acknowledged < source.lastSequence {
      let archived = archives.map { $0.acknowledged[instance, default: 0] }.min() ?? source.lastSequence
      // A reader may say that it has more than there is.
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

  /// How the server does.
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
