import BitcoinWire
import Commands
import Crawler
import EventLoop
import JSON
import Observations
import Steering

/// Asks peers for addresses in rounds, and prints what they answer.
final class GetaddrRun {
  private let command: GetaddrCommand
  private let environment: ClientEnvironment
  private let interruption: Interruption
  private let list: AddressList?
  private let driver: CrawlDriver
  /// The connections that peers opened, which are not asked: nodes answer only to those who connected to them.
  private var inbound: [UInt32: Endpoint] = [:]
  private var isFruitless = false

  /// Begins to listen, and reports the connections that stand to the crawl.
  init(
    _ command: GetaddrCommand,
    _ settings: CrawlSettings,
    _ session: ConnectorSession,
    _ stream: ConnectorStream,
    _ environment: ClientEnvironment
  ) throws(ClientFailure) {
    self.command = command
    self.environment = environment
    interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    list = try command.list.map { (path) throws(ClientFailure) in try AddressList(path, environment.output) }
    let all = try session.connections()
    var settings = settings
    if command.targets.isGiven {
      let (found, missing) = try session.connections(command.targets, direction: .outbound)
      _ = environment.complain(missing: missing)
      settings.rounds?.asked = Set(found.map(\.remote))
    }
    driver = CrawlDriver(settings, session, stream, environment.output) { command.connecting.target($0) }
    for connection in all where connection.state == .open && connection.direction == .inbound {
      inbound[connection.id] = connection.remote
    }
    driver.adopt(all)
    driver.crawl.reservedConnections = inbound.count
    driver.told = { [unowned self] in show($0, newCount: $1) }
    driver.inboundEvent = { [unowned self] in note($1, of: $0) }
  }

  private var isEnding: Bool { interruption.hasCome || environment.output.isClosed }

  /// Asks in rounds until it is over.
  func run(_ schedule: GetaddrSchedule) throws(ClientFailure) -> ExitStatus {
    let end = Deadline(seconds: command.duration ?? .infinity)
    func isOver() -> Bool { isEnding || (command.duration != nil && end.remaining == 0) }
    var reconnectsAll = command.reconnect
    while !isOver() {
      if !command.once {
        let time = schedule.next(after: Int(Clock.now() / 1_000_000_000)) ?? .max
        environment.output.note("The next round begins at \(Quantity.time(UInt64(time) * 1_000_000_000)).")
        while !isOver(), Clock.now() / 1_000_000_000 < time { try step() }
        guard !isOver() else { break }
      }
      try round(reconnectsAll: reconnectsAll, until: isOver)
      reconnectsAll = false
      if command.once { break }
    }
    return isFruitless ? .someFailed : .succeeded
  }

  private func round(reconnectsAll: Bool, until isOver: () -> Bool) throws(ClientFailure) {
    let before = driver.crawl.counts
    driver.crawl.beginRound(reconnectsAll: reconnectsAll, at: driver.now)
    let deadline = Deadline(seconds: command.timeout)
    repeat { try step() } while !isOver() && deadline.remaining > 0 && !driver.crawl.isRoundSettled
    driver.crawl.endRound()
    if driver.crawl.counts.answers == before.answers { isFruitless = true }
    summarise(since: before)
  }

  /// Waits for a moment, and does what is due then.
  private func step() throws(ClientFailure) {
    try driver.step { isEnding }
    // Taken also without a list, as they would pile up.
    let addresses = driver.crawl.takeNewAddresses()
    list?.add(addresses)
    // The database of nodes is the crawl's.
    _ = driver.crawl.takeAttempts()
    _ = driver.crawl.takeTellings()
    _ = driver.crawl.takeDescribed()
  }

  private func note(_ event: ConnectionEvent, of connection: UInt32) {
    if event.code == .handshaken { inbound[connection] = event.remote }
    if event.code.endsConnection { inbound[connection] = nil }
    driver.crawl.reservedConnections = inbound.count
  }

  // MARK: What is printed

  private func show(_ telling: CrawlDriver.Telling, newCount: Int) {
    guard list?.isOutput != true else { return }
    let endpoint = driver.crawl.endpoint(of: telling.connection) ?? inbound[telling.connection]
    let address = endpoint?.description
    if environment.isJSON {
      var json = JSONWriter()
      json.member("connection", telling.connection)
      json.member("address", address)
      json.member("time_ns", telling.time)
      json.member("command", telling.command.description)
      json.member("addresses", telling.nodes.count)
      json.member("new", newCount)
      return environment.output.line(json)
    }
    environment.output.line(
      "#\(telling.connection) \(address ?? "-") \(telling.command) \(telling.nodes.count) addresses, \(newCount) new"
    )
  }

  private func summarise(since before: Crawl.Counts) {
    let counts = driver.crawl.counts
    let known = driver.crawl.candidateCount
    if environment.isJSON, list?.isOutput != true {
      var json = JSONWriter()
      json.member("asked", counts.asks - before.asks)
      json.member("answered", counts.answers - before.answers)
      json.member("addresses", counts.told - before.told)
      json.member("new", counts.new - before.new)
      json.member("known", known)
      json.member("dialled", counts.dials - before.dials)
      json.member("reached", counts.reached - before.reached)
      return environment.output.line(json)
    }
    environment.output.note(
      "\(counts.answers - before.answers) of \(counts.asks - before.asks) asked have answered: "
        + "\(counts.told - before.told) addresses, \(counts.new - before.new) new, \(known) known; "
        + "\(counts.dials - before.dials) dialled, \(counts.reached - before.reached) reached"
    )
  }
}
