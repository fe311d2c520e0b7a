import BitcoinWire
import Configuration
import ControlProtocol
import Crawler
import EventLoop
import NodeDatabase
import NodesCommands

/// Keeps what a crawl finds in the database of nodes. Writing is done by a thread of its own, so that the crawl never
/// waits for a disk; what cannot be written is tried again until it can, but for what the database refuses: that is left out.
final class NodeRecorder {
  /// How far the database may be behind, in observations: then addresses told are not kept any more, and at twice as many
  /// nothing is.
  private static let limit = 200_000

  /// Most observations that are written in one transaction.
  private static let batchLimit = 10_000

  /// Seconds from one writing to the next, and after a failure.
  private static let interval: (between: Double, afterFailure: Double) = (1, 5)

  /// Seconds from one time that it is noted who is connected to the next.
  private static let presenceInterval = 600.0

  /// Seconds from one time that it is noted which addresses were told again, and that the past is counted, to the next.
  private static let rollUpInterval = 3600.0

  /// The database, which is only used on one thread at a time: on the worker's, where that is not idle.
  private struct Held: @unchecked Sendable {
    let store: NodeStore
  }

  /// What is written in one transaction.
  private struct Batch: Sendable {
    private(set) var findings: [CrawlFinding] = []
    private(set) var count = 0

    /// Creates a batch of some findings.
    init(_ findings: some Sequence<CrawlFinding> = []) {
      for finding in findings { add(finding) }
    }

    mutating func add(_ finding: CrawlFinding) {
      findings.append(finding)
      count += finding.count
    }

    /// Two batches of it; none if it is a single observation.
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
  /// When the last snapshot was taken, in ns since the Unix epoch; 0 for never.
  private var lastSnapshot: UInt64
  private let complain: (String) -> Void
  /// What is to be written, in order, in batches.
  private var batches: [Batch] = []
  private var pendingCount = 0
  private var isFailing = false
  private var writeAt = 0.0
  private var presenceAt = presenceInterval
  private var rollUpAt = rollUpInterval
  /// Since when addresses that were told again are to be noted, seconds since the Unix epoch; and how far that is.
  private var heardSince: UInt32
  private var hearing: (since: UInt32, from: Int)?

  /// Whether nothing is being written.
  var isIdle: Bool { worker.isIdle }

  /// How many observations were not kept, as the database was too far behind.
  private(set) var droppedCount = 0

  /// How many observations were not kept, as the database refused them.
  private(set) var refusedCount = 0

  /// Opens the database, or makes it.
  ///
  /// - Parameters:
  ///   - snapshotInterval: seconds from one snapshot to the next; 0 for none.
  ///   - network: whose nodes they are: it is of no other.
  ///   - complain: is told of what cannot be written.
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

  /// Gives every candidate that is known, the likeliest first. Before anything is written.
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

  // MARK: Taking

  /// Takes what attempts came to, in order.
  func take(_ attempts: [CrawlAttempt]) {
    for attempt in attempts { add(.attempt(attempt), limit: 2 * Self.limit) }
  }

  /// Takes what was told that is new.
  func take(_ tellings: [CrawlTelling]) {
    for telling in tellings { add(.telling(telling), limit: Self.limit) }
  }

  /// Takes that a node is connected to which others connected to, and what it said of itself.
  func take(_ node: CrawledNode) {
    let presence = Presence(node.endpoint, time: Clock.now(), introduction: node.node.introduction)
    add(.other(.presence(presence)), limit: 2 * Self.limit)
  }

  /// Takes what else is known of a node.
  func take(_ enrichment: EndpointFacts) { add(.other(.enrichment(enrichment)), limit: 2 * Self.limit) }

  private func add(_ finding: CrawlFinding, limit: Int = .max) {
    guard pendingCount < limit else { return droppedCount += finding.count }
    if batches.last.map({ $0.count >= Self.batchLimit }) ?? true { batches.append(Batch()) }
    batches[batches.count - 1].add(finding)
    pendingCount += finding.count
  }

  /// A pass is over: keeps who is reachable, where that is due.
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

  /// Writes what there is, where that is due.
  ///
  /// - Parameter now: seconds since the crawl began.
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

  /// Writes everything, and waits until it is there.
  ///
  /// - Parameter progress: is told how many observations are left.
  /// - Throws: `NodeStoreError` where it cannot be.
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

  /// Takes a batch's worth of the addresses that were told since they were last taken.
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
      // There is more: no pause.
      if failure != nil || batches.count > 1 { writeAt = 0 }
    }
  }

  /// Ends a batch that was written, or that the database refuses: then what it refuses is looked for, half by half.
  private func end(_ batch: Batch, _ refusal: NodeStoreError?) {
    guard let refusal else { return pendingCount -= batch.count }
    let halves = batch.halves
    batches.insert(contentsOf: halves, at: 0)
    guard halves.isEmpty else { return }
    pendingCount -= batch.count
    refusedCount += batch.count
    // There may be many of a kind.
    guard refusedCount == 1 else { return }
    complain("What the database refuses of what was found is left out: \(refusal).")
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
    if let failure, !isFailing { complain("What was found cannot be kept, and is tried again: \(failure).") }
    if failure == nil, isFailing { complain("What was found is kept again.") }
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
