import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import JSON
import LogConsumer
import LogProtocol
import Observations

/// Does what a harvest says: asks, connects, and prints what comes of it.
final class Harvester {
  /// What it hears of the log stream.
  static var subscription: Subscription {
    var subscription = Subscription(types: [.message, .connection])
    subscription.commands = [.addr, .addrv2]
    subscription.wantsSent = false
    return subscription
  }

  private let command: GetaddrCommand
  private let session: ControlSession
  private let stream: ConnectorStream
  private let environment: ClientEnvironment
  private let interruption: Interruption
  private let list: AddressList?
  private var harvest: Harvest
  /// Whom to ask; nil for everybody.
  private var chosen: Set<Endpoint>?
  private var pace: Pace
  private var lastForgiven = Clock.monotonic()
  private var isFruitless = false

  /// Takes in which connections there are.
  init(
    _ command: GetaddrCommand,
    _ settings: Harvest.Settings,
    _ session: ControlSession,
    _ stream: ConnectorStream,
    _ environment: ClientEnvironment
  ) throws(ClientFailure) {
    self.command = command
    self.session = session
    self.stream = stream
    self.environment = environment
    interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    list = try command.list.map { (path) throws(ClientFailure) in try AddressList(path, environment.output) }
    harvest = Harvest(settings)
    pace = Pace(perSecond: command.rate, at: Clock.monotonic())
    stream.handle = { [unowned self] in note($0) }
    let all = try session.connections()
    if command.targets.isGiven {
      let (found, missing) = try session.connections(command.targets, direction: .outbound)
      _ = environment.complain(missing: missing)
      chosen = Set(found.map(\.remote))
    }
    for connection in all where connection.state == .open {
      opened(connection.id, connection.remote, connection.direction)
    }
  }

  deinit { stream.handle = { _ in } }

  private var now: Double { Double(Clock.monotonic()) / 1e9 }

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
    let before = harvest
    let spent = harvest.begin(reconnectsAll: reconnectsAll, at: now)
    if !spent.isEmpty {
      // Before the stream can tell of their ends.
      let endpoints = spent.compactMap { harvest.redialled($0) }
      try session.disconnectIfThere(spent)
      for endpoint in endpoints { harvest.noteDial(endpoint) }
      try dial(endpoints)
    }
    let deadline = Deadline(seconds: command.timeout)
    repeat { try step() } while !isOver() && deadline.remaining > 0 && !(harvest.isSettled && harvest.isIdle)
    harvest.end()
    if harvest.answerCount == before.answerCount { isFruitless = true }
    summarise(since: before)
  }

  /// Waits a moment, and does what is due then.
  private func step() throws(ClientFailure) {
    _ = try session.wait(timeout: 0.1) { isEnding }
    let moment = Clock.monotonic()
    if moment - lastForgiven > 10_000_000_000 {
      lastForgiven = moment
      harvest.forgive()
    }
    let asks = harvest.nextAsks(at: now)
    if !asks.isEmpty {
      let message = Network.frame(magic: session.hello.magic, command: .getaddr, payload: [])
      _ = try session.sendIfThere(message, to: asks)
    }
    let room = command.maxConnections.map { $0 - harvest.connectionCount } ?? .max
    let dials = harvest.nextDials(limit: min(pace.allowance(at: moment), room), at: now)
    guard !dials.isEmpty else { return }
    pace.take(dials.count)
    try dial(dials)
  }

  private func dial(_ endpoints: [Endpoint]) throws(ClientFailure) {
    var rest = endpoints[...]
    while !rest.isEmpty {
      let batch = rest.prefix(1000)
      rest = rest.dropFirst(1000)
      // What becomes of them is in the log stream, with what becomes of others' connects.
      _ = try session.request(.connect(batch.map { command.connecting.target($0) }))
    }
  }

  // MARK: What comes

  private func note(_ record: StreamRecord) {
    let header = record.header
    if case .event(let event) = record.content {
      if event.code == .handshaken {
        opened(header.connection, event.remote, event.direction)
      } else if event.code.endsConnection {
        harvest.closed(header.connection, event.remote, at: now)
      }
      return
    }
    let nodes: [KnownNode]
    let command: Command
    switch record.message {
    case .addr(let addr): (command, nodes) = (.addr, addr.nodes)
    case .addrv2(let addr): (command, nodes) = (.addrv2, addr.nodes)
    default: return
    }
    let yield = harvest.told(nodes, by: header.connection, at: now)
    list?.add(yield.new)
    show(yield, command, header)
  }

  private func opened(_ id: UInt32, _ endpoint: Endpoint, _ direction: Direction) {
    harvest.opened(
      id,
      endpoint,
      isOutbound: direction == .outbound,
      isAsked: chosen?.contains(endpoint) ?? true,
      at: now
    )
  }

  // MARK: What is printed

  private func show(_ yield: Harvest.Yield, _ name: Command, _ header: RecordHeader) {
    guard list?.isOutput != true else { return }
    let address = harvest.endpoint(of: header.connection)?.description
    if environment.isJSON {
      var json = JSONWriter()
      json.member("connection", header.connection)
      json.member("address", address)
      json.member("time_ns", header.time)
      json.member("command", name.description)
      json.member("addresses", yield.count)
      json.member("new", yield.new.count)
      return environment.output.line(json)
    }
    environment.output.line(
      "#\(header.connection) \(address ?? "-") \(name) \(yield.count) addresses, \(yield.new.count) new"
    )
  }

  private func summarise(since before: Harvest) {
    let told = harvest.toldCount - before.toldCount
    if environment.isJSON, list?.isOutput != true {
      var json = JSONWriter()
      json.member("asked", harvest.askCount - before.askCount)
      json.member("answered", harvest.answerCount - before.answerCount)
      json.member("addresses", told)
      json.member("new", harvest.newCount - before.newCount)
      json.member("known", harvest.knownCount)
      json.member("dialled", harvest.dialCount - before.dialCount)
      json.member("reached", harvest.reachedCount - before.reachedCount)
      return environment.output.line(json)
    }
    environment.output.note(
      "\(harvest.answerCount - before.answerCount) of \(harvest.askCount - before.askCount) asked have answered: "
        + "\(told) addresses, \(harvest.newCount - before.newCount) new, \(harvest.knownCount) known; "
        + "\(harvest.dialCount - before.dialCount) dialled, \(harvest.reachedCount - before.reachedCount) reached"
    )
  }
}

extension ControlSession {
  /// Sends a message to those of some connections that are open; none need be.
  func sendIfThere(_ message: [UInt8], to connections: [UInt32]) throws(ClientFailure) -> UInt32 {
    do throws(ClientFailure) {
      return try send(message, named: "message", to: .connections(connections), timeout: 10).accepted
    } catch {
      guard error.status == .someFailed else { throw error }
      return 0
    }
  }
}
