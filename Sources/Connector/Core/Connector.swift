import Access
import BitcoinWire
import Bytes
import Configuration
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import Logging
import Observations

/// Holds connections to peers, publishes everything they carry, and does what clients command; on one thread.
public final class Connector {
  typealias Settings = Configuration.Connector.Bitcoin

  let loop: EventLoop
  let logger: Logger
  let publisher: LogPublisher
  let network: BitcoinWire.Network
  let framer: Framer
  let since = Clock.now()

  /// The configuration in force.
  public private(set) var configuration: Configuration { didSet { noteInterests() } }

  /// Whether anybody here looks at what peers announce (`Fetcher`, `BlockAnnouncer`).
  private(set) var followsAnnouncements = false

  /// Closed while the log server is too slow: then only peers that say little are read from, while there is room.
  let gate: ReadGate
  /// When it was last said that it is, on the monotonic clock in ns; 0 for never.
  var lastCongestion: UInt64 = 0
  /// When it was last closed, on the monotonic clock in ns.
  var closedSince: UInt64 = 0
  /// When the log server was last lost, or looked for first, on the monotonic clock in ns.
  var serverLostAt = Clock.monotonic()
  /// Since when it has been open, but for moments, on the monotonic clock in ns.
  var readingSince: UInt64 = 0

  private(set) var connections = PeerTable()
  /// Of our connects, by the nonces that their `version` has.
  private var nonces: [UInt64: UInt32] = [:]
  private(set) var counts = ConnectorStatistics()

  private var blacklist = Blacklist()
  /// The id to be given next, where no connection has it still; 0 once the highest was given.
  var nextID: UInt32 = 1
  private(set) var limits: PeerLimits!
  var heights = HeightEstimate()
  private(set) var announcer: BlockAnnouncer!
  private var listeners: [Listener] = []
  private(set) var control: ControlServer!
  private(set) var fetcher: Fetcher!
  private(set) var dialler: Dialler!
  private var upkeep: TimerWatcher?
  /// How many messages had been received a second ago.
  var lastReceived: UInt64 = 0
  var wheel = UpkeepWheel(at: Clock.monotonic())
  /// Connections of which something is due, by the second for which that was noted.
  var due: ArraySlice<(second: UInt64, id: UInt32)> = []
  private(set) var upkeepRest: TimerWatcher?
  private var clockReport: PeriodicWatcher?
  private(set) var isShuttingDown = false
  private let identity = SourceIdentity()
  /// The number that its records' sequences belong to.
  var instance: UInt64 { identity.instance }

  /// Reads the configuration again, for a client or a signal.
  public var reread: () throws -> Configuration

  /// Creates a connector that listens, for peers and clients, where the configuration says.
  ///
  /// - Parameter socketGroup: id of the group that the control socket is given to; nil: it stays ours.
  /// - Throws: `IOError` where a socket cannot be listened on, `ConfigurationError` where the network is none.
  public init(
    _ configuration: Configuration,
    socketGroup: UInt32? = nil,
    on loop: EventLoop,
    logger: Logger
  ) throws {
    self.configuration = configuration
    self.loop = loop
    gate = ReadGate(on: loop)
    self.logger = logger
    network = try Network(configuration)
    _ = try Self.announcedEndpoint(configuration)
    framer = network.framer
    reread = { configuration }
    let key = try configuration.readAccessKey().flatMap(AccessKey.init)
    publisher = LogPublisher(
      to: SocketAddress(server: configuration.logger.publishAddress),
      key: key,
      as: SourceDescription(
        process: UInt32(getpid()),
        kind: "connector",
        name: network.name,
        version: Netmine.version
      ),
      identity: identity,
      limit: configuration.connector.logBuffer,
      patience: configuration.connector.logPatience,
      on: loop
    )
    publisher.handler = self
    gate.hasReserve = { [unowned self] in publisher.hasReserve }
    noteInterests()
    limits = PeerLimits(of: self)
    announcer = BlockAnnouncer(of: self)
    publishStart()
    loadBlacklist()
    control = try ControlServer(configuration, group: socketGroup, key: key, connector: self)
    try listen()
    fetcher = Fetcher(self)
    dialler = Dialler(self)
    upkeep = TimerWatcher(on: loop) { [unowned self] in keepUp() }
    upkeep?.start(after: 1, every: 1)
    upkeepRest = TimerWatcher(on: loop) { [unowned self] in keepUpDue() }
    clockReport = PeriodicWatcher(every: 60, on: loop) { [unowned self] in publishClock() }
  }

  private func noteInterests() {
    let fetch = configuration.connector.fetch
    followsAnnouncements = fetch.transactions || fetch.blocks || settings.announceBlock > 0
  }

  var settings: Settings { configuration.connector.bitcoin }

  /// The protocol versions we speak, from the lowest accepted of a peer.
  var versions: ClosedRange<Int32> {
    let own = settings.maxVersion ?? network.protocolVersion
    return min(settings.minVersion, own)...own
  }

  /// Where peers may connect to us.
  public var listeningAddresses: [SocketAddress] { listeners.map(\.address) }

  // MARK: Connections

  /// Dials as soon as may be; the id is known at once, the outcome is published, and told to the requester.
  ///
  /// - Parameter lane: whose turn it is to dial, where many wait.
  func dial(
    _ target: ConnectTarget,
    for requester: ControlSession?,
    request: UInt32,
    lane: ObjectIdentifier? = nil
  ) -> UInt32 {
    dialler.dial(target, for: requester, request: request, lane: lane)
  }

  /// Begins to connect, where the dialler says.
  func begin(
    _ dial: Dial,
    at address: SocketAddress,
    from local: SocketAddress?,
    through proxy: ProxyDialogue?
  ) {
    let connection = PeerConnection(
      dialling: dial.target,
      at: address,
      from: local,
      through: proxy,
      id: dial.id,
      connector: self,
      requester: dial.requester,
      request: dial.request
    )
    connections.add(connection)
    keepUp(connection, Clock.monotonic())
    nonces[connection.nonce] = connection.id
  }

  /// Connections of a target that are not gone, ascending by id where it does not name them; and the ids that are
  /// not there.
  func connections(_ target: ControlTarget) -> (found: [PeerConnection], missing: [UInt32]) {
    switch target {
    case .all: return (connections.all, [])
    case .connections(let ids):
      return (ids.compactMap { connections[$0] }, ids.filter { connections[$0] == nil })
    case .filter(let filter):
      return (draw(filter.sample, of: connections.all.filter { filter.matches($0.info) }), [])
    }
  }

  /// Closes connections, and gives up connects that wait or are under way.
  func disconnect(_ connections: [PeerConnection], waiting: [Dial]) {
    let outcome = Outcome(.commanded)
    dialler.cancel(waiting, outcome)
    for connection in connections {
      dialler.forget(connection)
      connection.end(.closedByUs, outcome)
    }
  }

  /// Those of a target that messages may be sent to, their handshakes done; and the ids of the others that it
  /// names.
  func recipients(_ target: ControlTarget) -> (found: [PeerConnection], missing: [UInt32]) {
    switch target {
    case .all: return (connections.open, [])
    case .connections:
      let (found, missing) = connections(target)
      return (found.filter { $0.state == .open }, missing + found.filter { $0.state != .open }.map(\.id))
    case .filter(let filter):
      return (draw(filter.sample, of: connections.open.filter { filter.matches($0.info) }), [])
    }
  }

  private func draw(_ count: UInt32?, of connections: [PeerConnection]) -> [PeerConnection] {
    guard let count, count < connections.count else { return connections }
    return connections.shuffled().prefix(Int(count)).sorted { $0.id < $1.id }
  }

  func opened(_ connection: PeerConnection) {
    connections.noteOpened()
    dialler.opened(connection)
    if connection.direction == .outbound, let height = connection.handshake.peer?.startHeight {
      heights.note(height)
    }
    scheduleAnnouncement(of: connection)
    keepUp(connection, Clock.monotonic())
  }

  func ended(_ connection: PeerConnection) {
    // It may still be on the call stack.
    connections.remove(connection)
    nonces[connection.nonce] = nil
    loop.retire(connection)
    limits.ended(connection)
    announcer.ended(connection.id)
    fetcher.ended(connection.id)
    dialler.ended(connection)
  }

  /// Whether a nonce is one that we sent in a `version` of ours, so that we have dialled ourselves; ends the
  /// connection that dialled.
  func meetsItself(_ nonce: UInt64) -> Bool {
    guard let id = nonces[nonce] else { return false }
    connections[id]?.end(.closedByUs, Outcome(.ourselves))
    return true
  }

  func noteConnectBegun() { counts.connectsBegun += 1 }

  func noteConnectFailed() { counts.connectsFailed += 1 }

  /// An id that no connection has, and none that waits to be made; after the highest they begin again at 1.
  func takeID() -> UInt32 {
    if nextID == 0 { report(.connector, "connection ids begin again at 1: \(UInt32.max) was the last") }
    while nextID == 0 || connections[nextID] != nil || dialler.isWaiting(nextID) { nextID &+= 1 }
    defer { nextID &+= 1 }
    return nextID
  }

  // MARK: Listening

  private func listen() throws(IOError) {
    for listener in settings.listeners {
      guard
        let address = SocketAddress(
          addressBytes: listener.endpoint.address.bytes,
          port: listener.endpoint.port
        )
      else { continue }
      listeners.append(
        try Listener(
          on: address,
          backlog: Int32(listener.backlog),
          loop: loop,
          accept: { [unowned self] in accept($0, from: $1) },
          fail: { [unowned self] in report(.error, "\($0)") }
        )
      )
      logger.info("listening for peers", metadata: ["on": "\(listeners.last!.address)"])
    }
  }

  private func accept(_ descriptor: Int32, from address: SocketAddress) {
    guard let remote = Endpoint(address) else { return }
    if let outcome = limits.refusal(of: remote.address) {
      return limits.turnAway(descriptor, remote, id: takeID(), outcome)
    }
    counts.accepted += 1
    let id = takeID()
    let connection = PeerConnection(accepted: descriptor, from: remote, id: id, connector: self)
    connections.add(connection)
    if isBlacklisted(remote) { connection.end(.closedByUs, Outcome(.blacklisted)) }
  }

  // MARK: Journal

  /// Whether what clients ask for may make many records now: not while the log server is far behind. If there is none for
  /// `connector.log_patience`, what is too much is dropped and counted.
  var hasRoom: Bool { publisher.backlog < configuration.connector.logBuffer / 2 || lacksServer }

  /// Whether it may make a record or two.
  var hasLittleRoom: Bool { publisher.backlog < configuration.connector.logBuffer / 8 * 7 || lacksServer }

  /// Whether there has been no log server for so long that nothing waits for one.
  private var lacksServer: Bool {
    !publisher.isJoined
      && Double(Clock.monotonic() - serverLostAt) / 1e9 > configuration.connector.logPatience
  }

  /// Whether it has caught up so far that it is worth while to go on: little by little each peer would get each
  /// message by itself.
  var hasMuchRoom: Bool {
    publisher.waitingCount < configuration.connector.logBuffer / 8 && hasRoom || lacksServer
  }

  @inline(__always)
  func journal(message: UnsafeRawBufferPointer, of id: UInt32, flags: RecordFlags, at time: UInt64) {
    publisher.publish(.message, flags: flags, connection: id, at: time, body: message)
  }

  func noteReceived(bytes: Int) {
    counts.messagesReceived += 1
    counts.bytesReceived += UInt64(bytes)
  }

  /// Publishes a message that has been queued for a peer.
  @inline(__always)
  func journal(sent message: UnsafeRawBufferPointer, to id: UInt32, at time: UInt64) {
    counts.messagesSent += 1
    counts.bytesSent += UInt64(message.count)
    publisher.publish(.message, flags: .sent, connection: id, at: time, body: message)
  }

  /// Says something in the stream and on our own log.
  func report(_ type: RecordType, _ text: String) {
    publisher.publish(type, text: text)
    if type == .error { logger.error("\(text)") } else { logger.info("\(text)") }
  }

  private func publishStart() {
    publisher.publish(.connector, text: "netmine connector \(Netmine.version) starts on \(network.name)")
    if !configuration.text.isEmpty {
      publisher.publish(.connector, text: "configuration \(configuration.file ?? ""):\n\(configuration.text)")
    }
    publisher.publish(.connector, text: "room for \(limits.connectionLimit) connections")
    publishClock()
  }

  private func publishClock() { publisher.publish(.clock(.current())) }

  // MARK: Blacklist, reload, shutdown

  func isBlacklisted(_ endpoint: Endpoint) -> Bool { blacklist.contains(endpoint.address.bytes) }

  private func loadBlacklist() {
    guard let path = configuration.connector.blacklist else { return blacklist = Blacklist() }
    do throws(ConfigurationError) {
      blacklist = try Blacklist(file: path)
      report(.connector, "blacklist \(path): \(blacklist.count) entries")
    } catch {
      // Old files name one that need not exist; one that cannot be read leaves the last in force.
      report(.error, "blacklist kept as it was: \(error)")
    }
  }

  /// Takes the configuration over again: blacklist, pings, what we say of ourselves. Listeners and network
  /// stay as they are.
  ///
  /// - Returns: what was done, in a sentence.
  /// - Throws: `ConfigurationError`; then all stays as it was.
  @discardableResult
  public func reload() throws -> String {
    let configuration = try reread()
    _ = try Self.announcedEndpoint(configuration)
    self.configuration = configuration
    loadBlacklist()
    for connection in connections.all where isBlacklisted(connection.remote) {
      connection.end(.closedByUs, Outcome(.blacklisted))
    }
    let now = Clock.monotonic()
    for connection in connections.all { keepUp(connection, now) }
    dialler.goOn()
    let sentence = "configuration read again; listeners and network stay as they were"
    report(.connector, sentence)
    return sentence
  }

  /// Closes every connection, waits up to three seconds until everything published is acknowledged, and stops
  /// the loop. Does nothing the second time.
  public func shutDown() {
    guard !isShuttingDown else { return }
    isShuttingDown = true
    upkeep?.cancel()
    upkeepRest?.cancel()
    for listener in listeners { listener.close() }
    dialler.shutDown()
    dialler.tellFailures()
    limits.tellRefusals()
    for connection in connections.all { connection.end(.closedByUs, Outcome(.shutDown)) }
    report(.connector, "orderly shutdown")
    control.stopListening()
    publisher.finish(timeout: 3) { [unowned self] isSettled in
      if !isSettled {
        logger.warning(
          "not everything published was acknowledged",
          metadata: [
            "last": "\(publisher.lastSequence)", "acknowledged": "\(publisher.acknowledgedSequence)",
          ]
        )
      }
      // Clients that wait for our end see it now.
      control.close()
      loop.stop()
    }
  }
}
