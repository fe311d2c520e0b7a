import BitcoinWire
import Configuration
import ControlProtocol
import Crawler
import EventLoop
import NodeDatabase
import NodesCommands

/// Stores a crawl's results in the node database. A thread of its own writes, so that the crawl never waits
/// for a disk. A failed write is retried until it succeeds. Observations that the database refuses are left
/// out.
final class NodeRecorder {
  /// Maximum number of observations waiting to be written. Beyond it, received addresses are dropped; beyond
  /// twice as many, everything is.
  private static let limit = 200_000

  /// Maximum number of observations in one transaction.
  private static let batchLimit = 10_000

  /// Seconds between writes, and after a failed write.
  private static let interval: (between: Double, afterFailure: Double) = (1, 5)

  /// Seconds between records of the connected nodes.
  private static let presenceInterval = 600.0

  /// Seconds between records of repeatedly received addresses; the statistics of past hours are updated as
  /// often.
  private static let rollUpInterval = 3600.0

  /// The database. Only one thread uses it at a time: the worker's, unless the worker is idle.
  private struct Held: @unchecked Sendable {
    let store: NodeStore
  }

  /// The observations of one transaction.
  private struct Batch: Sendable {
    private(set) var findings: [CrawlFinding] = []
    private(set) var count = 0

    /// Creates a batch of findings.
    init(_ findings: some Sequence<CrawlFinding> = []) {
      for finding in findings { add(finding) }
    }

    mutating func add(_ finding: CrawlFinding) {
      findings.append(finding)
      count += finding.count
    }

    /// The two halves of the batch; none if it is a single observation.
    var halves: [Batch] {
      guard count > 1 else { return [] }
      let parts = findings.count > 1 ? findings : observations.map { .other($0) }
      let middle = parts.count / 2
      return [Batch(parts[..<middle]), Batch(parts[middle...])]
    }

    var observations: [Observation] {
      var observations: [Observation] = []
      observations.reserveCapacity(count)
      for finding in findings { finding.append(to: &observations) }
      return observations
    }
  }

  private let held: Held
  private let worker: Worker
  private let retention: Retention
  private let snapshotInterval: Double
  /// The time of the latest snapshot, in ns since the Unix epoch; 0 if there is none.
  private var lastSnapshot: UInt64
  private let complain: (String) -> Void
  /// The batches to write, in order.
  private var batches: [Batch] = []
  private var pendingCount = 0
  private var isFailing = false
  private var writeAt = 0.0
  private var presenceAt = presenceInterval
  private var rollUpAt = rollUpInterval
  /// Start of the period for which repeatedly received addresses are recorded next, in seconds since the Unix
  /// epoch. Then the period being recorded now, and the position in it.
  private var heardSince: UInt32
  private var hearing: (since: UInt32, from: Int)?

  /// Whether no write is in progress.
  var isIdle: Bool { worker.isIdle }

  /// The number of observations dropped because the database was too slow.
  private(set) var droppedCount = 0

  /// The number of observations dropped because the database refused them.
  private(set) var refusedCount = 0

  /// Opens the database, or creates it.
  ///
  /// - Parameters:
  ///   - snapshotInterval: seconds between snapshots; 0 for none.
  ///   - network: the network of the nodes. A database of another network is refused.
  ///   - complain: receives sentences about failed writes.
  init(
    _ configuration: Configuration.NodeDatabase,
    snapshotInterval: Double = 0,
    network: String,
    on loop: EventLoop,
    complain: @escaping (String) -> Void
  ) throws(NodeStoreError) {
    held = Held(store: try NodeStore.open(configuration.place, schema: configuration.schema))
    try held.store.claim(network: network)
    lastSnapshot = try held.store.snapshots().last?.time ?? 0
    self.snapshotInterval = snapshotInterval
    worker = Worker(on: loop)
    retention = Retention(configuration)
    self.complain = complain
    heardSince = UInt32(clamping: Clock.now() / 1_000_000_000)
  }

  /// Passes every stored candidate to `body`, the likeliest first. Call it before anything is written.
  func load(_ body: (StoredCandidate) -> Void) throws(NodeStoreError) {
    try held.store.load { known in
      body(
        StoredCandidate(
          known.endpoint,
          lastHeard: Self.seconds(known.lastAdvertised),
          lastTried: Self.seconds(known.lastTried ?? 0),
          lastReached: Self.seconds(known.lastReached ?? 0),
          failures: UInt8(clamping: known.failures)
        )
      )
      return true
    }
  }

  // MARK: Queueing

  /// Queues the results of attempts, in order.
  func take(_ attempts: [CrawlAttempt]) {
    for attempt in attempts { add(.attempt(attempt), limit: 2 * Self.limit) }
  }

  /// Queues received addresses that are news.
  func take(_ tellings: [CrawlTelling]) {
    for telling in tellings { add(.telling(telling), limit: Self.limit) }
  }

  /// Queues the presence and introduction of a node that another client connected to.
  func take(_ node: CrawledNode) {
    let presence = Presence(node.endpoint, time: Clock.now(), introduction: node.node.introduction)
    add(.other(.presence(presence)), limit: 2 * Self.limit)
  }

  /// Queues further facts about a node.
  func take(_ enrichment: EndpointFacts) { add(.other(.enrichment(enrichment)), limit: 2 * Self.limit) }

  private func add(_ finding: CrawlFinding, limit: Int = .max) {
    guard pendingCount < limit else { return droppedCount += finding.count }
    if batches.last.map({ $0.count >= Self.batchLimit }) ?? true { batches.append(Batch()) }
    batches[batches.count - 1].add(finding)
    pendingCount += finding.count
  }

  /// Takes a snapshot at the end of a pass, if one is due.
  func passed() {
    guard isSnapshotDue else { return }
    lastSnapshot = Clock.now()
    let held = held
    worker.run({
      Self.attempt { () throws(NodeStoreError) in try held.store.snapshot(at: Clock.now()) }
    }) { [unowned self] failure in
      note(failure)
    }
  }

  private var isSnapshotDue: Bool {
    snapshotInterval > 0 && Double(Clock.now() - min(lastSnapshot, Clock.now())) >= snapshotInterval * 1e9
  }

  // MARK: Writing

  /// Starts the writes that are due.
  ///
  /// - Parameter now: seconds since the crawl started.
  func advance(_ crawl: Crawl, at now: Double) {
    guard now >= writeAt, worker.isIdle else { return }
    if now >= presenceAt {
      presenceAt = now + Self.presenceInterval
      takePresence(crawl)
    }
    if now >= rollUpAt {
      rollUpAt = now + Self.rollUpInterval
      beginHearing()
      rollUp()
    }
    if pendingCount < Self.batchLimit { hear(crawl) }
    write(at: now)
  }

  /// Writes all observations, and waits until they are written.
  ///
  /// - Parameter progress: receives the number of observations left.
  /// - Throws: `NodeStoreError` if the database fails.
  func finish(_ crawl: Crawl, progress: (Int) -> Void) throws(NodeStoreError) {
    worker.drain()
    takePresence(crawl)
    if hearing == nil { beginHearing() }
    while pendingCount > 0 || hearing != nil {
      if pendingCount == 0 { hear(crawl) }
      guard !batches.isEmpty else { continue }
      progress(pendingCount)
      let batch = batches.removeFirst()
      let failure = Self.attempt { () throws(NodeStoreError) in try held.store.record(batch.observations) }
      if let failure, !failure.isRefusal { throw failure }
      end(batch, failure)
    }
    if isSnapshotDue { try held.store.snapshot(at: Clock.now()) }
    try held.store.rollUp(now: Clock.now())
  }

  private func takePresence(_ crawl: Crawl) {
    let now = Clock.now()
    for endpoint in crawl.connected { add(.other(.presence(Presence(endpoint, time: now)))) }
  }

  private func beginHearing() {
    hearing = (heardSince, 0)
    heardSince = UInt32(clamping: Clock.now() / 1_000_000_000)
  }

  /// Queues a batch of the addresses that were received repeatedly in the current period.
  private func hear(_ crawl: Crawl) {
    guard let (since, from) = hearing else { return }
    let next = crawl.forEachHeard(since: since, from: from, limit: Self.batchLimit) { endpoint, time in
      add(.other(.advertisement(Advertisement(endpoint, time: UInt64(time) * 1_000_000_000))))
    }
    hearing = next.map { (since, $0) }
  }

  private func write(at now: Double) {
    guard let batch = batches.first else { return }
    writeAt = now + Self.interval.between
    batches.removeFirst()
    let held = held
    worker.run({ Self.attempt { () throws(NodeStoreError) in try held.store.record(batch.observations) } }) {
      [unowned self] failure in
      if let failure, !failure.isRefusal {
        note(failure)
        batches.insert(batch, at: 0)
        writeAt = now + Self.interval.afterFailure
        return
      }
      note(nil)
      end(batch, failure)
      // There is more to write, so do not pause.
      if failure != nil || batches.count > 1 { writeAt = 0 }
    }
  }

  /// Removes a written batch. Splits a refused batch in halves, to find the observation that the database
  /// refuses.
  private func end(_ batch: Batch, _ refusal: NodeStoreError?) {
    guard let refusal else { return pendingCount -= batch.count }
    let halves = batch.halves
    batches.insert(contentsOf: halves, at: 0)
    guard halves.isEmpty else { return }
    pendingCount -= batch.count
    refusedCount += batch.count
    // Complain only once, because there may be many refusals.
    guard refusedCount == 1 else { return }
    complain("The node database refuses some observations, which are left out: \(refusal).")
  }

  private func rollUp() {
    let held = held
    let retention = retention
    worker.run({
      Self.attempt { () throws(NodeStoreError) in
        try held.store.rollUp(now: Clock.now())
        try held.store.prune(retention, now: Clock.now())
      }
    }) { [unowned self] failure in
      note(failure)
    }
  }

  private func note(_ failure: NodeStoreError?) {
    if let failure, !isFailing { complain("Cannot write to the node database, retrying: \(failure).") }
    if failure == nil, isFailing { complain("Writing to the node database works again.") }
    isFailing = failure != nil
  }

  private static func attempt(_ body: () throws(NodeStoreError) -> Void) -> NodeStoreError? {
    do throws(NodeStoreError) {
      try body()
      return nil
    } catch {
      return error
    }
  }

  private static func seconds(_ nanoseconds: UInt64) -> UInt32 {
    UInt32(clamping: nanoseconds / 1_000_000_000)
  }
}
