import BitcoinWire
import Commands
import ControlProtocol
import EventLoop
import Steering

/// Connects to the hosts of a ledger at a limited rate, and prints the outcomes.
struct ConnectRun {
  private let session: ConnectorSession
  private let report: ConnectReport
  private let environment: ClientEnvironment
  private let options: ConnectOptions
  private let rate: Double?
  private let timeout: Double
  private let waits: Bool
  private let keeps: Bool

  /// Maximum number of targets in one request.
  private static let batchCount = 1000

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - options: the options of every connect.
  ///   - rate: maximum number of connects per second; nil for no limit.
  ///   - timeout: seconds to wait for outcomes after the last connect has started.
  ///   - waits: whether to wait for outcomes.
  ///   - keeps: whether the connector redials when a connection ends.
  init(
    _ session: ConnectorSession,
    _ report: ConnectReport,
    _ environment: ClientEnvironment,
    _ options: ConnectOptions,
    rate: Double?,
    timeout: Double,
    waits: Bool = true,
    keeps: Bool = false
  ) {
    self.session = session
    self.report = report
    self.environment = environment
    self.options = options
    self.rate = rate
    self.timeout = timeout
    self.waits = waits
    self.keeps = keeps
  }

  /// Connects to all hosts. The status tells whether all are open, or just started if `waits` is false.
  ///
  /// - Parameter opened: called with each host whose connection is open.
  func run(
    _ ledger: inout ConnectLedger,
    opened: (ConnectOutcome) throws(ClientFailure) -> Void = { _ in }
  ) throws(ClientFailure) -> ExitStatus {
    try connect(&ledger, opened)
    for outcome in ledger.pending where waits { report.show(outcome) }
    if waits { report.summarise(ledger) }
    return ledger.failedCount == 0 && (!waits || ledger.pendingCount == 0) ? .succeeded : .someFailed
  }

  private func target(_ endpoint: Endpoint) -> ConnectTarget {
    var target = options.target(endpoint)
    target.isKept = keeps
    return target
  }

  private func connect(
    _ ledger: inout ConnectLedger,
    _ opened: (ConnectOutcome) throws(ClientFailure) -> Void
  ) throws(ClientFailure) {
    let interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    var events: [ControlEvent] = []
    var deadline = Deadline(seconds: timeout)
    var pace = Pace(perSecond: rate, at: Clock.monotonic())
    repeat {
      while case let limit = pace.allowance(at: Clock.monotonic()), limit > 0,
        case let endpoints = ledger.nextEndpoints(limit: min(Self.batchCount, limit)), !endpoints.isEmpty
      {
        let request = ControlRequest.connect(endpoints.map { target($0) })
        let reply = try session.request(request) { events.append($0) }
        guard case .connecting(let connections) = reply, connections.count == endpoints.count else {
          throw session.unexpected(request.name)
        }
        pace.take(endpoints.count)
        deadline = Deadline(seconds: timeout)
        let begun = ledger.begun(connections)
        if !waits { begun.forEach(report.showBegun) }
      }
      let hasMore = !ledger.nextEndpoints(limit: 1).isEmpty
      guard hasMore || waits && ledger.pendingCount > 0 else { return }
      if waits { report.progress(ledger) }
      let patience = hasMore ? pace.secondsUntilNext(at: Clock.monotonic()) : deadline.remaining
      _ = try session.wait(timeout: patience) { !events.isEmpty || interruption.hasCome }
      let arrived = events
      events = []
      for event in arrived {
        guard let outcome = ledger.handle(event), waits else { continue }
        report.show(outcome)
        if outcome.isOpen { try opened(outcome) }
      }
      guard hasMore || deadline.remaining > 0 else { return }
    } while !interruption.hasCome && !environment.output.isClosed
  }
}
