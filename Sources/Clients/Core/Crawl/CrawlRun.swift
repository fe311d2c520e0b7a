import BitcoinWire
import Bytes
import ControlProtocol
import Crawler
import Enrichment
import EventLoop
import LogConsumer
import LogProtocol
import Names
import NodeDatabase
import Observations

/// Carries out a crawl's decisions through a connector, and reports the results back to the crawl.
final class CrawlRun {
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

  private let command: CrawlRunCommand
  private let recorder: NodeRecorder?
  private let session: ControlSession
  private let stream: ConnectorStream
  private let environment: ClientEnvironment
  private let interruption: Interruption
  private let report: CrawlReport
  private let rules: SpeciesRules
  private let enricher: Enricher
  private var names: ReverseNames?
  private let began = Clock.monotonic()
  private let epoch = Double(Clock.now()) / 1e9
  private var crawl: Crawl
  private var events: [ControlEvent] = []
  private var heard: [(connection: UInt32, nodes: [KnownNode])] = []
  private var ends: [(connection: UInt32, outcome: Outcome)] = []
  private var lastLook = 0.0

  /// Prepares a crawl, and starts handling the stream's records.
  init(
    _ command: CrawlRunCommand,
    _ settings: CrawlSettings,
    _ rules: SpeciesRules,
    _ recorder: NodeRecorder?,
    _ session: ControlSession,
    _ stream: ConnectorStream,
    _ environment: ClientEnvironment
  ) {
    self.command = command
    self.recorder = recorder
    self.rules = rules
    self.session = session
    self.stream = stream
    self.environment = environment
    interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    crawl = Crawl(settings, epoch: epoch, seed: .random(in: 0 ... .max))
    enricher = Enricher(environment.configuration.geo.paths) { environment.output.complain("\($0).") }
    report = CrawlReport(environment, rules, enricher, heartbeat: command.heartbeat)
    if let recorder, environment.configuration.crawl.reverseDNS {
      do throws(NameError) {
        names = try ReverseNames(
          rate: environment.configuration.crawl.reverseDNSRate,
          on: environment.loop
        ) { recorder.take($0) }
      } catch {
        environment.output.complain("Reverse DNS is not used: \(error).")
      }
    }
    stream.handle = { [unowned self] in hear($0) }
  }

  deinit { stream.handle = { _ in } }

  private var now: Double { Double(Clock.monotonic() - began) / 1e9 }

  /// Crawls until the end, then prints the results.
  ///
  /// - Parameters:
  ///   - start: the addresses to start from, besides those of the node database and the open connections.
  ///   - fixedSeeds: the addresses to start from if there are no others.
  func run(from start: [Endpoint], orFrom fixedSeeds: [Endpoint]) throws(ClientFailure) -> ExitStatus {
    crawl.add(start, at: now)
    try stored { () throws(NodeStoreError) in try recorder?.load { crawl.add($0, at: now) } }
    try adopt(session.connections())
    if crawl.candidateCount == 0, !fixedSeeds.isEmpty {
      environment.output.note("No other address known: starting from \(fixedSeeds.count) built-in addresses.")
      crawl.add(fixedSeeds, at: now)
    }
    guard crawl.candidateCount > 0 else {
      guard start.isEmpty else {
        throw ClientFailure(
          .usage,
          "No address to start from: of \(Quantity.counted(start.count, "address", "addresses")) none may be dialled on "
            + "\(session.hello.networkName). None is routable, or all have opted out."
        )
      }
      throw ClientFailure(
        .usage,
        "No address to start from: no node of \(session.hello.networkName) is known. Give a host or a --file of hosts."
      )
    }
    do throws(ClientFailure) { try crawl(for: command.duration) } catch {
      // Report the results so far even after an error.
      try finish()
      throw error
    }
    try finish()
    return crawl.reachableNodes.isEmpty ? .someFailed : .succeeded
  }

  /// Crawls until the passes are done, the time is up, or a signal comes.
  private func crawl(for seconds: Double?) throws(ClientFailure) {
    let end = Deadline(seconds: seconds ?? .infinity)
    try beginPass()
    let passes = command.passes ?? (command.hold ? 0 : 1)
    while !interruption.hasCome, !environment.output.isClosed, end.remaining > 0 {
      if crawl.isOver(at: now) {
        if passes > 0, crawl.pass >= passes { break }
        if now >= crawl.nextPass { try beginPass() }
      }
      try step()
    }
    try step()
  }

  private func finish() throws(ClientFailure) {
    defer { report.end() }
    names?.close()
    report.clear()
    // After an interrupt, nodes may have been asked a moment ago. Close their connections too, unless they
    // are to be held.
    if !command.hold { forEachBatch(crawl.ownConnections) { _ = try? session.disconnectIfThere($0) } }
    try writeList()
    if command.list != "-" { report.summarise(crawl, seconds: now) }
    record()
    try stored { () throws(NodeStoreError) in
      try recorder?.finish(crawl) { report.show("\($0) observations left to write") }
    }
    report.clear()
    if let count = recorder?.droppedCount, count > 0 {
      environment.output.complain(
        "\(count) observations were dropped: the node database was too slow."
      )
    }
    if let count = recorder?.refusedCount, count > 0 {
      environment.output.complain("\(count) observations were dropped: the node database refused them.")
    }
  }

  private func beginPass() throws(ClientFailure) {
    if crawl.pass > 0 {
      report.passed(crawl, at: now)
      recorder?.passed()
      try writeList()
    }
    crawl.beginPass(at: now)
  }

  // MARK: Actions

  /// Waits a moment, passes new events to the crawl, and carries out the crawl's decisions.
  private func step() throws(ClientFailure) {
    _ = try session.wait(timeout: Self.tick) {
      interruption.hasCome || events.count + heard.count >= Self.digestCount
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
    record()
    recorder?.advance(crawl, at: now)
    if now - lastLook >= 1 {
      lastLook = now
      if case .statistics(let statistics) = try session.request(.statistics) {
        crawl.isConnectorBusy = statistics.connectsWaiting > 0
      }
    }
    report.progress(crawl, at: now)
  }

  /// Prints new results and queues them for the node database.
  private func record() {
    let attempts = crawl.takeAttempts()
    report.tell(attempts)
    let tellings = crawl.takeTellings()
    let described = crawl.takeDescribed()
    // Other clients made these connections, so there was no attempt.
    report.tell(described.filter { $0.node.handshakeDuration == 0 })
    guard let recorder else { return }
    recorder.take(tellings)
    recorder.take(attempts)
    for node in described {
      if node.node.handshakeDuration == 0 { recorder.take(node) }
      let time = Clock.now()
      var enrichment =
        enricher.enrichment(of: node.endpoint, at: time) ?? EndpointFacts(node.endpoint, time: time)
      enrichment.species = rules.species(of: node.node)
      recorder.take(enrichment)
      names?.lookUp(node.endpoint)
    }
  }

  private func dial(_ dials: [Crawl.Dial]) throws(ClientFailure) {
    try forEachBatch(dials) { batch throws(ClientFailure) in
      let agent = environment.configuration.crawl.userAgent
      let request = ControlRequest.connect(batch.map { command.target($0.endpoint, agent: agent) })
      do throws(ClientFailure) {
        let reply = try session.request(request) { [unowned self] in events.append($0) }
        guard case .connecting(let connections) = reply, connections.count == batch.count else {
          throw session.unexpected(request.name)
        }
        crawl.begun(batch, as: connections, at: now)
      } catch {
        guard error.status == .someFailed else { throw error }
        environment.output.complain(error.sentence)
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

  private func adopt(_ connections: [ConnectionInfo]) {
    for connection in connections where connection.state == .open && connection.direction == .outbound {
      crawl.adopt(connection.id, connection.remote, connection.introduction, at: now)
    }
  }

  private func stored(_ body: () throws(NodeStoreError) -> Void) throws(ClientFailure) {
    do throws(NodeStoreError) { try body() } catch {
      throw ClientFailure(.someFailed, "Node database: \(error).")
    }
  }

  private func writeList() throws(ClientFailure) {
    guard let path = command.list else { return }
    let text = Array(crawl.reachableNodes.map { "\($0.endpoint)\n" }.joined().utf8)
    if path == "-" { return environment.output.lines(text) }
    do throws(IOError) { try DescriptorOutput.replace(path, with: text) } catch {
      throw ClientFailure(.someFailed, "The list cannot be written: \(error).")
    }
  }

  // MARK: Events

  private func hear(_ record: StreamRecord) {
    let header = record.header
    // The connector reports the end of the crawl's own connections by control events.
    if case .event(let event) = record.content, event.code.endsConnection, crawl.isAdopted(header.connection)
    {
      ends.append((header.connection, event.outcome ?? Outcome(.unspecified)))
    }
    switch record.message {
    case .addr(let addr): heard.append((header.connection, addr.nodes))
    case .addrv2(let addr): heard.append((header.connection, addr.nodes))
    default: break
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
    for (connection, outcome) in ends { crawl.ended(connection, outcome, at: now) }
    ends = []
    let told = heard
    heard = []
    for (connection, nodes) in told { crawl.told(nodes, by: connection, at: now) }
  }
}
