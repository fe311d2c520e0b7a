import BitcoinWire
import Commands
import ControlProtocol
import Crawler
import EventLoop
import LogConsumer
import LogProtocol
import Observations
import Steering

/// Carries out what a crawl decides, through a connector, and reports to the crawl what comes of it.
///
/// The connector reports handshakes and ends twice: over the session, and in the stream between the messages of the
/// connection. The order of the stream counts, so that a peer that answers and closes at once is credited with its answer.
/// What the session reports is used if the stream has passed that moment without it, as after a gap.
final class CrawlDriver {
  /// Addresses that a peer told in one message.
  struct Telling {
    /// The connection that they came over.
    let connection: UInt32
    /// `addr` or `addrv2`.
    let command: Command
    /// When the message came, ns since the Unix epoch.
    let time: UInt64
    /// The addresses.
    let nodes: [KnownNode]
  }

  /// The records of the log stream that a crawl needs.
  static var subscription: Subscription {
    var subscription = Subscription(types: [.message, .connection])
    subscription.commands = [.addr, .addrv2]
    subscription.wantsSent = false
    return subscription
  }

  /// Seconds between two steps.
  private static let tick = 0.02

  /// Number of waiting events at which the next step starts early.
  private static let digestCount = 100

  /// Maximum number of targets or ids in one request.
  private static let batchCount = 1000

  /// Maximum number of dials started in one step. The events that come meanwhile wait in memory.
  private static let dialCount = 250

  /// The crawl.
  var crawl: Crawl

  /// Gets each telling after the crawl has, with the number of new addresses in it.
  var told: ((Telling, _ newCount: Int) -> Void)?

  /// Gets each event of a connection that a peer opened.
  var inboundEvent: ((UInt32, ConnectionEvent) -> Void)?

  private let session: ConnectorSession
  private let stream: ConnectorStream
  private let output: Output
  private let target: (Endpoint) -> ConnectTarget
  private let began = Clock.monotonic()
  private var events: [ControlEvent] = []
  /// Records of the stream that are not reported to the crawl yet, in order.
  private var heard: [Heard] = []
  /// Handshakes and ends that the session has reported and the stream has not.
  private var early: [UInt32: Early] = [:]
  /// The time of the latest record, ns since the Unix epoch, and when it came, in seconds since the crawl began.
  private var lastHeard: (time: UInt64, at: Double) = (0, 0)
  private var lastLook = 0.0
  private var lastSweep = 0.0

  private enum Heard {
    case event(UInt32, ConnectionEvent)
    case telling(Telling)
  }

  /// The session's report of a connection.
  private struct Early {
    var introduction: (PeerIntroduction, duration: UInt64)?
    var end: Outcome?
    /// When the last report came, ns since the Unix epoch, and in seconds since the crawl began.
    var time: UInt64
    var at: Double
  }

  /// Seconds by which the stream must have passed a report that it does not have. Its records are in order, but their
  /// times, which are the kernel's, need not be.
  private static let passing = 1.0

  /// Seconds without any record after which a report of the session is used: the stream is not behind.
  private static let quiet = 2.0

  /// Seconds after which a report of the session is used in any case.
  private static let patience = 60.0

  /// Prepares a crawl, and starts handling the stream's records.
  init(
    _ settings: CrawlSettings,
    _ session: ConnectorSession,
    _ stream: ConnectorStream,
    _ output: Output,
    target: @escaping (Endpoint) -> ConnectTarget
  ) {
    self.session = session
    self.stream = stream
    self.output = output
    self.target = target
    crawl = Crawl(settings, epoch: Double(Clock.now()) / 1e9, seed: .random(in: 0 ... .max))
    stream.handle = { [unowned self] in hear($0) }
  }

  deinit { stream.handle = { _ in } }

  /// Seconds since the crawl began.
  var now: Double { Double(Clock.monotonic() - began) / 1e9 }

  /// Reports connections that stand to the crawl; those that peers opened are left out.
  func adopt(_ connections: [ConnectionInfo]) {
    for connection in connections where connection.state == .open && connection.direction == .outbound {
      crawl.adopt(connection.id, connection.remote, connection.introduction, at: now)
    }
  }

  /// Waits for a moment, reports to the crawl what happened, and does what the crawl decides then.
  ///
  /// - Parameter isInterrupted: ends the wait early.
  func step(isInterrupted: () -> Bool) throws(ClientFailure) {
    _ = try session.wait(timeout: Self.tick) {
      isInterrupted() || events.count + heard.count >= Self.digestCount
    }
    digest()
    crawl.advance(to: now)
    // Connections that have closed meanwhile need no handling here: their end is reported like any other.
    forEachBatch(crawl.takeAsks()) {
      let message = Network.frame(magic: session.hello.magic, command: .getaddr, payload: [])
      session.post(.send(SendRequest(.message(message), to: .connections($0))))
    }
    forEachBatch(crawl.takeDisconnects()) { session.post(.disconnect(.connections($0))) }
    try forEachBatch(crawl.takeLookups()) { connections throws(ClientFailure) in
      try adopt(session.connections(of: .connections(connections)))
    }
    try dial(crawl.nextDials(limit: Self.dialCount, at: now))
    if now - lastLook >= 1 {
      lastLook = now
      if case .statistics(let statistics) = try session.request(.statistics) {
        crawl.isConnectorBusy = statistics.connectsWaiting > 0
      }
    }
  }

  /// Closes the connections that the crawl made.
  func closeOwnConnections() {
    forEachBatch(crawl.ownConnections) { _ = try? session.disconnectIfThere($0) }
  }

  private func dial(_ dials: [Crawl.Dial]) throws(ClientFailure) {
    try forEachBatch(dials) { batch throws(ClientFailure) in
      let request = ControlRequest.connect(batch.map { target($0.endpoint) })
      do throws(ClientFailure) {
        let reply = try session.request(request) { [unowned self] in events.append($0) }
        guard case .connecting(let connections) = reply, connections.count == batch.count else {
          throw session.unexpected(request.name)
        }
        crawl.begun(batch, as: connections, at: now)
      } catch {
        guard error.status == .someFailed else { throw error }
        output.complain(error.sentence)
        crawl.refused(batch, at: now)
      }
    }
  }

  private func forEachBatch<Element, Failure>(
    _ elements: [Element],
    _ body: ([Element]) throws(Failure) -> Void
  ) throws(Failure) {
    var rest = elements[...]
    while !rest.isEmpty {
      let batch = Array(rest.prefix(Self.batchCount))
      rest = rest.dropFirst(batch.count)
      try body(batch)
    }
  }

  private func hear(_ record: StreamRecord) {
    let header = record.header
    lastHeard = (max(lastHeard.time, header.time), now)
    if case .event(let event) = record.content {
      guard event.direction == .outbound else {
        inboundEvent?(header.connection, event)
        return
      }
      if event.code == .handshaken || event.code.endsConnection {
        heard.append(.event(header.connection, event))
      }
      return
    }
    let (command, nodes): (Command, [KnownNode])
    switch record.message {
    case .addr(let addr): (command, nodes) = (.addr, addr.nodes)
    case .addrv2(let addr): (command, nodes) = (.addrv2, addr.nodes)
    default: return
    }
    let telling = Telling(connection: header.connection, command: command, time: header.time, nodes: nodes)
    heard.append(.telling(telling))
  }

  /// Reports to the crawl what happened. The replies to connect requests are read before, so the crawl knows every
  /// connection.
  private func digest() {
    let arrived = events
    events = []
    for event in arrived { take(event) }
    let records = heard
    heard = []
    for record in records {
      switch record {
      case .event(let connection, let event): take(event, of: connection)
      case .telling(let telling):
        let before = crawl.counts.new
        crawl.told(telling.nodes, by: telling.connection, at: now)
        told?(telling, crawl.counts.new - before)
      }
    }
    if now - lastSweep >= 0.2, !early.isEmpty {
      lastSweep = now
      useOverdue()
    }
  }

  /// Takes an event of the session: what only the session reports is used at once.
  private func take(_ event: ControlEvent) {
    func keep(_ connection: UInt32, _ change: (inout Early) -> Void) {
      var report = early[connection] ?? Early(time: 0, at: 0)
      (report.time, report.at) = (Clock.now(), now)
      change(&report)
      early[connection] = report
    }
    switch event {
    case .connected(let connection, _, let duration): crawl.connected(connection, duration: duration)
    case .handshaken(let connection, let peer, let duration):
      if crawl.isDialling(connection) { keep(connection) { $0.introduction = (peer, duration) } }
    case .connectFailed(let connection, let outcome): crawl.ended(connection, outcome, at: now)
    case .closed(let connection, let outcome):
      if crawl.isDialling(connection) || crawl.isLinked(connection) { keep(connection) { $0.end = outcome } }
    case .sent, .again: break
    }
  }

  /// Takes an event of the stream.
  private func take(_ event: ConnectionEvent, of connection: UInt32) {
    if event.code == .handshaken {
      guard let introduction = event.peer.introduction else { return }
      if crawl.isDialling(connection) {
        let known = early[connection]?.introduction
        early[connection]?.introduction = nil
        crawl.handshaken(
          connection,
          known?.0 ?? introduction,
          duration: known?.duration ?? event.duration,
          at: now
        )
      } else if crawl.settings.rounds != nil {
        crawl.adopt(connection, event.remote, introduction, at: now)
      }
    } else {
      let outcome = early.removeValue(forKey: connection)?.end ?? event.outcome ?? Outcome(.unspecified)
      crawl.ended(connection, outcome, at: now)
    }
  }

  /// Uses the session's reports that the stream has passed without having them.
  private func useOverdue() {
    for (connection, report) in early {
      let isPassed = lastHeard.time > report.time + UInt64(Self.passing * 1e9)
      let isQuiet = now - max(lastHeard.at, report.at) > Self.quiet
      guard isPassed || isQuiet || now - report.at > Self.patience else { continue }
      early[connection] = nil
      if let (introduction, duration) = report.introduction {
        crawl.handshaken(connection, introduction, duration: duration, at: now)
      }
      if let end = report.end { crawl.ended(connection, end, at: now) }
    }
  }
}
