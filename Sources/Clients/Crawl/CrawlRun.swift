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

/// Carries out a crawl's decisions through a connector, and reports the results back to the crawl.
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

  /// Prepares a crawl, and starts handling the stream's records.
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
        environment.output.complain("Reverse DNS is not used: \(error).")
      }
    }
  }

  private var now: Double { driver.now }

  /// Crawls until the end, then prints the results.
  ///
  /// - Parameters:
  ///   - start: the addresses to start from, besides those of the node database and the open connections.
  ///   - fixedSeeds: the addresses to start from if there are no others.
  func run(from start: [Endpoint], orFrom fixedSeeds: [Endpoint]) throws(ClientFailure) -> ExitStatus {
    driver.crawl.add(start, at: now)
    try stored { () throws(NodeStoreError) in try recorder?.load { driver.crawl.add($0, at: now) } }
    driver.adopt(try session.connections())
    if driver.crawl.candidateCount == 0, !fixedSeeds.isEmpty {
      environment.output.note("No other address known: starting from \(fixedSeeds.count) built-in addresses.")
      driver.crawl.add(fixedSeeds, at: now)
    }
    guard driver.crawl.candidateCount > 0 else {
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
    return driver.crawl.reachableNodes.isEmpty ? .someFailed : .succeeded
  }

  /// Crawls until the passes are done, the time is up, or a signal comes.
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
    // After an interrupt, nodes may have been asked a moment ago. Close their connections too, unless they
    // are to be held.
    if !command.hold { driver.closeOwnConnections() }
    try writeList()
    if command.list != "-" { report.summarise(driver.crawl, seconds: now) }
    record()
    try stored { () throws(NodeStoreError) in
      try recorder?.finish(driver.crawl) { report.show("\($0) observations left to write") }
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
    if driver.crawl.pass > 0 {
      report.passed(driver.crawl, at: now)
      recorder?.passed()
      try writeList()
    }
    driver.crawl.beginPass(at: now)
  }

  // MARK: Actions

  private func step() throws(ClientFailure) {
    try driver.step { interruption.hasCome }
    record()
    recorder?.advance(driver.crawl, at: now)
    report.progress(driver.crawl, at: now)
  }

  /// Prints new results and queues them for the node database.
  private func record() {
    let attempts = driver.crawl.takeAttempts()
    report.tell(attempts)
    let tellings = driver.crawl.takeTellings()
    let described = driver.crawl.takeDescribed()
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

  private func stored(_ body: () throws(NodeStoreError) -> Void) throws(ClientFailure) {
    do throws(NodeStoreError) { try body() } catch {
      throw ClientFailure(.someFailed, "Node database: \(error).")
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
