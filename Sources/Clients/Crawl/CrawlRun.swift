import BitcoinWire
import Bytes
import Commands
import ControlProtocol
import Crawler
import Enrichment
import EventLoop
import LogConsumer
import LogProtocol
import Names
import NodeDatabase
import Observations
import Steering

/// Crawls in passes, and records and reports what it finds.
final class CrawlRun {
  private let command: CrawlRunCommand
  private let recorder: NodeRecorder?
  private let session: ConnectorSession
  private let environment: ClientEnvironment
  private let interruption: Interruption
  private let report: CrawlReport
  private let rules: SpeciesRules
  private let enricher: Enricher
  private var names: ReverseNames?
  private let driver: CrawlDriver

  /// Begins to listen.
  init(
    _ command: CrawlRunCommand,
    _ settings: CrawlSettings,
    _ rules: SpeciesRules,
    _ recorder: NodeRecorder?,
    _ session: ConnectorSession,
    _ stream: ConnectorStream,
    _ environment: ClientEnvironment
  ) {
    self.command = command
    self.recorder = recorder
    self.rules = rules
    self.session = session
    self.environment = environment
    interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    driver = CrawlDriver(settings, session, stream, environment.output) {
      command.target($0, agent: environment.configuration.crawl.userAgent)
    }
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
  }

  private var now: Double { driver.now }

  /// Crawls until it is over, and prints what was found.
  ///
  /// - Parameters:
  ///   - start: the addresses to begin with, besides those that the store and the connector know.
  ///   - fixedSeeds: those to begin with where there are none.
  func run(from start: [Endpoint], orFrom fixedSeeds: [Endpoint]) throws(ClientFailure) -> ExitStatus {
    driver.crawl.add(start, at: now)
    try stored { () throws(NodeStoreError) in try recorder?.load { driver.crawl.add($0, at: now) } }
    driver.adopt(try session.connections())
    if driver.crawl.candidateCount == 0, !fixedSeeds.isEmpty {
      environment.output.note("Nothing else is known: it begins with \(fixedSeeds.count) built-in addresses.")
      driver.crawl.add(fixedSeeds, at: now)
    }
    guard driver.crawl.candidateCount > 0 else {
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
    return driver.crawl.reachableNodes.isEmpty ? .someFailed : .succeeded
  }

  /// Crawls until the passes are done, the time is over, or somebody interrupts it.
  private func crawl(for seconds: Double?) throws(ClientFailure) {
    let end = Deadline(seconds: seconds ?? .infinity)
    try beginPass()
    let passes = command.passes ?? (command.hold ? 0 : 1)
    while !interruption.hasCome, !environment.output.isClosed, end.remaining > 0 {
      if driver.crawl.isOver(at: now) {
        if passes > 0, driver.crawl.pass >= passes { break }
        if now >= driver.crawl.nextPass { try beginPass() }
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
    if !command.hold { driver.closeOwnConnections() }
    try writeList()
    if command.list != "-" { report.summarise(driver.crawl, seconds: now) }
    record()
    try stored { () throws(NodeStoreError) in
      try recorder?.finish(driver.crawl) { report.show("\($0) observations are to be written") }
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
    if driver.crawl.pass > 0 {
      report.passed(driver.crawl, at: now)
      recorder?.passed()
      try writeList()
    }
    driver.crawl.beginPass(at: now)
  }

  // MARK: Doing

  private func step() throws(ClientFailure) {
    try driver.step { interruption.hasCome }
    record()
    recorder?.advance(driver.crawl, at: now)
    report.progress(driver.crawl, at: now)
  }

  /// Hands over what was found.
  private func record() {
    let attempts = driver.crawl.takeAttempts()
    report.tell(attempts)
    let tellings = driver.crawl.takeTellings()
    let described = driver.crawl.takeDescribed()
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

  private func stored(_ body: () throws(NodeStoreError) -> Void) throws(ClientFailure) {
    do throws(NodeStoreError) { try body() } catch {
      throw ClientFailure(.someFailed, "The database of nodes: \(error).")
    }
  }

  private func writeList() throws(ClientFailure) {
    guard let path = command.list else { return }
    let text = Array(driver.crawl.reachableNodes.map { "\($0.endpoint)\n" }.joined().utf8)
    if path == "-" { return environment.output.lines(text) }
    do throws(IOError) { try DescriptorOutput.replace(path, with: text) } catch {
      throw ClientFailure(.someFailed, "The list cannot be written: \(error).")
    }
  }
}
