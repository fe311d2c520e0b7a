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

/// Does what a crawl says through a connector, and tells it what comes of that.
final class CrawlRun {
  /// What it hears of the log stream.
  static var subscription: Subscription {
    var subscription = Subscription(types: [.message, .connection])
    subscription.commands = [.addr, .addrv2]
    subscription.wantsSent = false
    return subscription
  }

  /// Seconds from one time that it does what is due to the next.
  private static let tick = 0.02

  /// How much has to come for it to be done sooner.
  private static let digestCount = 100

  /// Most targets, or ids, in one request.
  private static let batchCount = 1000

  /// Most dials begun at a time: what comes meanwhile waits, and takes memory.
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

  /// Begins to listen.
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
        environment.output.complain("Nobody is asked what addresses are called: \(error).")
      }
    }
    stream.handle = { [unowned self] in hear($0) }
  }

  deinit { stream.handle = { _ in } }

  private var now: Double { Double(Clock.monotonic() - began) / 1e9 }

  /// Crawls until it is over, and prints what was found.
  ///
  /// - Parameters:
  ///   - start: the addresses to begin with, besides those that the store and the connector know.
  ///   - fixedSeeds: those to begin with where there are none.
  func run(from start: [Endpoint], orFrom fixedSeeds: [Endpoint]) throws(ClientFailure) -> ExitStatus {
    crawl.add(start, at: now)
    try stored { () throws(NodeStoreError) in try recorder?.load { crawl.add($0, at: now) } }
    try adopt(session.connections())
    if crawl.candidateCount == 0, !fixedSeeds.isEmpty {
      environment.output.note("Nothing else is known: it begins with \(fixedSeeds.count) built-in addresses.")
      crawl.add(fixedSeeds, at: now)
    }
    guard crawl.candidateCount > 0 else {
      guard start.isEmpty else {
        throw ClientFailure(
          .usage,
          "There is nowhere to begin: of \(Quantity.counted(start.count, "address", "addresses")) none may be dialled on "
            + "\(session.hello.networkName), as none is routable, or all opted out."
        )
      }
      throw ClientFailure(
        .usage,
        "There is nowhere to begin: nobody is known on \(session.hello.networkName). Name a host, or a --file of hosts."
      )
    }
    do throws(ClientFailure) { try crawl(for: command.duration) } catch {
      // What was found until then is told all the same.
      try finish()
      throw error
    }
    try finish()
    return crawl.reachableNodes.isEmpty ? .someFailed : .succeeded
  }

  /// Crawls until the passes are done, the time is over, or somebody interrupts it.
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
    // Who is interrupted was asked just now; only what is held stays.
    if !command.hold { forEachBatch(crawl.ownConnections) { _ = try? session.disconnectIfThere($0) } }
    try writeList()
    if command.list != "-" { report.summarise(crawl, seconds: now) }
    record()
    try stored { () throws(NodeStoreError) in
      try recorder?.finish(crawl) { report.show("\($0) observations are to be written") }
    }
    report.clear()
    if let count = recorder?.droppedCount, count > 0 {
      environment.output.complain(
        "\(count) observations were not kept: the database of nodes was too far behind."
      )
    }
    if let count = recorder?.refusedCount, count > 0 {
      environment.output.complain("\(count) observations were not kept: the database of nodes refused them.")
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

  // MARK: Doing

  /// Waits a moment, tells the crawl what came, and does what it says then.
  private func step() throws(ClientFailure) {
    _ = try session.wait(timeout: Self.tick) {
      interruption.hasCome || events.count + heard.count >= Self.digestCount
    }
    digest()
    crawl.advance(to: now)
    // Those that are gone meanwhile end as others do.
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

  /// Hands over what was found.
  private func record() {
    let attempts = crawl.takeAttempts()
    report.tell(attempts)
    let tellings = crawl.takeTellings()
    let described = crawl.takeDescribed()
    // Others connected to these, so that there was no attempt.
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
      throw ClientFailure(.someFailed, "The database of nodes: \(error).")
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

  // MARK: What comes

  private func hear(_ record: StreamRecord) {
    let header = record.header
    // Of our own connects the connector tells us itself.
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

  /// Tells the crawl what came. Connections are known before what they told, as their connects' replies are read first.
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
