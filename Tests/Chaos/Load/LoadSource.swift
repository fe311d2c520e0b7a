import ArgumentParser
import EventLoop
import Glibc
import LogProtocol
import Observations
import TestSupport

/// `chaos source`: publishes records at a rate and counts them in a ledger, until SIGTERM. For the scenarios.
struct LoadSource: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "source", shouldDisplay: false)

  @Option var path: String
  @Option var ledger: String
  /// The seed of the source's identity.
  @Option var number: UInt64
  @Option var rate: Int
  /// Bytes of records that the publisher may keep.
  @Option var limit: Int
  /// Seconds without an acknowledgement after which new records replace old ones.
  @Option var patience = LogPublisher.defaultPatience
  /// Publishes nothing while it is asked to slow down, as the connector does.
  @Flag var polite = false

  func run() throws {
    let process = try LoadSourceProcess(self)
    process.run()
  }
}

/// The load source's single thread.
private final class LoadSourceProcess: LogPublisherHandler {
  private let options: LoadSource
  private let loop = EventLoop()
  private let ledger: LoadLedger
  private let publisher: LogPublisher
  private let record: LoadRecord
  private let parent = getppid()
  private var timer: TimerWatcher?
  private var isEnding = false
  private var latest = Clock.monotonic()
  private var due = 0.0
  private var isCongested = false

  init(_ options: LoadSource) throws {
    self.options = options
    ledger = try LoadLedger(options.ledger)
    let identity = SourceIdentity(number: options.number)
    record = LoadRecord(instance: identity.instance)
    publisher = LogPublisher(
      to: .unix(options.path),
      as: SourceDescription(
        process: UInt32(getpid()),
        kind: "load",
        name: "",
        version: "1"
      ),
      identity: identity,
      limit: options.limit,
      patience: options.patience,
      on: loop
    )
    publisher.handler = self
  }

  func run() {
    let watchers = [SIGTERM, SIGINT].map { SignalWatcher($0, on: loop) { [unowned self] in finish() } }
    timer = TimerWatcher(on: loop) { [unowned self] in tick() }
    timer?.start(after: 0, every: 0.001)
    loop.run()
    watchers.forEach { $0.cancel() }
  }

  /// Publishes the records that are due. Records that are late by more than a tenth of a second are skipped.
  private func tick() {
    if getppid() != parent { return loop.stop() }
    let now = Clock.monotonic()
    due += min(Double(now - latest) * 1e-9, 0.1) * Double(options.rate)
    latest = now
    if isCongested, options.polite { due = 0 }
    while due >= 1, !isEnding {
      due -= 1
      let number = ledger.published + 1
      let body = record.body(number)
      publisher.publish(.debug, at: Clock.now(), body: body)
      ledger.published = number
      ledger.bytes += UInt64(RecordHeader.size + body.count)
      ledger.lastSequence = publisher.lastSequence
    }
    note()
  }

  private func note() {
    ledger.lastSequence = publisher.lastSequence
    ledger.dropped = publisher.droppedCount
    ledger.acknowledged = publisher.acknowledgedSequence
  }

  private func finish() {
    guard !isEnding else { return }
    isEnding = true
    publisher.finish(timeout: 90) { [unowned self] isSettled in
      note()
      ledger.isSettled = isSettled
      loop.stop()
    }
  }

  func publisher(_ publisher: LogPublisher, joinedAs source: UInt32, isNewServer: Bool) {
    ledger.source = UInt64(source)
  }

  func publisher(_ publisher: LogPublisher, lostServerFor reason: String) {}

  func publisherDidOverflow(_ publisher: LogPublisher) {}

  func publisher(_ publisher: LogPublisher, isCongested: Bool) {
    self.isCongested = isCongested
    if isCongested { ledger.slowdowns += 1 }
  }
}
