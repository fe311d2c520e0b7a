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
  private var tellings: [Telling] = []
  private var ends: [(connection: UInt32, outcome: Outcome)] = []
  private var adoptions: [(connection: UInt32, remote: Endpoint, introduction: PeerIntroduction)] = []
  private var lastLook = 0.0

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
      isInterrupted() || events.count + tellings.count >= Self.digestCount
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
    if case .event(let event) = record.content { return hear(event, of: header.connection) }
    let (command, nodes): (Command, [KnownNode])
    switch record.message {
    case .addr(let addr): (command, nodes) = (.addr, addr.nodes)
    case .addrv2(let addr): (command, nodes) = (.addrv2, addr.nodes)
    default: return
    }
    tellings.append(
      Telling(connection: header.connection, command: command, time: header.time, nodes: nodes)
    )
  }

  /// Handles an event of the stream. The connector reports the events of the crawl's own connects over the session.
  private func hear(_ event: ConnectionEvent, of connection: UInt32) {
    guard event.direction == .outbound else {
      inboundEvent?(connection, event)
      return
    }
    if event.code.endsConnection {
      guard crawl.isAdopted(connection) || adoptions.contains(where: { $0.connection == connection }) else {
        return
      }
      ends.append((connection, event.outcome ?? Outcome(.unspecified)))
    } else if crawl.settings.rounds != nil, event.code == .handshaken,
      let introduction = event.peer.introduction
    {
      adoptions.append((connection, event.remote, introduction))
    }
  }

  /// Passes new events to the crawl. The replies to connect requests are read before addresses from the
  /// stream, so the crawl knows every connection before it gets addresses from it.
  private func digest() {
    let arrived = events
    events = []
    for event in arrived {
      switch event {
      case .connected(let connection, _, let duration): crawl.connected(connection, duration: duration)
      case .handshaken(let connection, let peer, let duration):
        crawl.handshaken(connection, peer, duration: duration, at: now)
      case .connectFailed(let connection, let outcome), .closed(let connection, let outcome):
        crawl.ended(connection, outcome, at: now)
      case .sent, .again: break
      }
    }
    for (connection, remote, introduction) in adoptions {
      crawl.adopt(connection, remote, introduction, at: now)
    }
    adoptions = []
    for (connection, outcome) in ends { crawl.ended(connection, outcome, at: now) }
    ends = []
    let heard = tellings
    tellings = []
    for telling in heard {
      let before = crawl.counts.new
      crawl.told(telling.nodes, by: telling.connection, at: now)
      told?(telling, crawl.counts.new - before)
    }
  }
}
