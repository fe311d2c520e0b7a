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

/// Holds connections to peers, publishes every message and event on them, and carries out clients' requests.
/// Runs on one thread.
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

  /// Whether `Fetcher` or `BlockAnnouncer` needs the peers' announcements. Changes with the configuration.
  private(set) var followsAnnouncements = false

  /// Closed while the log server is too slow. While it is closed, only light streams are read, and only while
  /// the publisher has reserve.
  let gate: ReadGate
  /// When congestion was last logged, on the monotonic clock in ns; 0 for never.
  var lastCongestion: UInt64 = 0
  /// When `gate` was last closed, on the monotonic clock in ns.
  var closedSince: UInt64 = 0
  /// When the log server was last lost, on the monotonic clock in ns; initially the connector's start.
  var serverLostAt = Clock.monotonic()
  /// Since when `gate` has been open, on the monotonic clock in ns. Closures of up to a second are ignored.
  var readingSince: UInt64 = 0

  private(set) var connections = PeerTable()
  /// The ids of outbound connections, by the nonce in the `version` that we send.
  private var nonces: [UInt64: UInt32] = [:]
  private(set) var counts = ConnectorStatistics()

  private var blacklist = Blacklist()
  /// The id to try for the next connection; skipped if it is in use. 0 after the highest id was given.
  var nextID: UInt32 = 1
  private(set) var limits: PeerLimits!
  var heights = HeightEstimate()
  private(set) var announcer: BlockAnnouncer!
  private var listeners: [Listener] = []
  private(set) var control: ControlServer!
  private(set) var fetcher: Fetcher!
  private(set) var dialler: Dialler!
  private var upkeep: TimerWatcher?
  /// Messages received until a second ago.
  var lastReceived: UInt64 = 0
  var wheel = UpkeepWheel(at: Clock.monotonic())
  /// Connections whose upkeep is due, each with the second it was scheduled for.
  var due: ArraySlice<(second: UInt64, id: UInt32)> = []
  private(set) var upkeepRest: TimerWatcher?
  private var clockReport: PeriodicWatcher?
  private(set) var isShuttingDown = false
  private let identity = SourceIdentity()
  /// The instance number of this source. The sequence numbers of its records are counted within it.
  var instance: UInt64 { identity.instance }

  /// Reads the configuration again, for the client's `reload` or SIGHUP.
  public var reread: () throws -> Configuration

  /// Creates a connector and listens for peers and clients on the configured addresses.
  ///
  /// - Parameter socketGroup: group id that gets the control socket; nil to keep our own group.
  /// - Throws: `IOError` if a socket cannot be opened for listening, `ConfigurationError` if the network or
  ///   the announced address is not valid.
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

  /// The protocol versions we speak: from the lowest that we accept of a peer up to our own.
  var versions: ClosedRange<Int32> {
    let own = settings.maxVersion ?? network.protocolVersion
    return min(settings.minVersion, own)...own
  }

  /// The addresses on which we listen for peers.
  public var listeningAddresses: [SocketAddress] { listeners.map(\.address) }

  // MARK: Connections

  /// Queues a connect and returns its connection id. The outcome is published and reported to the requester.
  ///
  /// - Parameter lane: connects of one lane are dialled in order; lanes take turns.
  func dial(
    _ target: ConnectTarget,
    for requester: ControlSession?,
    request: UInt32,
    lane: ObjectIdentifier? = nil
  ) -> UInt32 {
    dialler.dial(target, for: requester, request: request, lane: lane)
  }

  /// Begins a connect along the route that the dialler chose.
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

  /// The target's live connections, and the ids it names that do not exist. Ascending by id, unless the
  /// target names ids.
  func connections(_ target: ControlTarget) -> (found: [PeerConnection], missing: [UInt32]) {
    switch target {
    case .all: return (connections.all, [])
    case .connections(let ids):
      return (ids.compactMap { connections[$0] }, ids.filter { connections[$0] == nil })
    case .filter(let filter):
      return (draw(filter.sample, of: connections.all.filter { filter.matches($0.info) }), [])
    }
  }

  /// Closes connections, and cancels connects that wait or are under way.
  func disconnect(_ connections: [PeerConnection], waiting: [Dial]) {
    let outcome = Outcome(.commanded)
    dialler.cancel(waiting, outcome)
    for connection in connections {
      dialler.forget(connection)
      connection.end(.closedByUs, outcome)
    }
  }

  /// The target's connections whose handshake is done, and the ids it names that cannot be sent to.
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
    // The connection may still be on the call stack.
    connections.remove(connection)
    nonces[connection.nonce] = nil
    loop.retire(connection)
    limits.ended(connection)
    announcer.ended(connection.id)
    fetcher.ended(connection.id)
    dialler.ended(connection)
  }

  /// Whether we sent this nonce in a `version`, so that we have dialled ourselves. If so, ends the outbound
  /// connection as well.
  func meetsItself(_ nonce: UInt64) -> Bool {
    guard let id = nonces[nonce] else { return false }
    connections[id]?.end(.closedByUs, Outcome(.ourselves))
    return true
  }

  func noteConnectBegun() { counts.connectsBegun += 1 }

  func noteConnectFailed() { counts.connectsFailed += 1 }

  /// Returns an id that no connection and no waiting connect has. After the highest, ids begin again at 1.
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

  /// Whether clients' requests may produce many records now: less than half of `connector.log_buffer` is in
  /// use. Always true if there has been no log server for `connector.log_patience`; surplus records are then
  /// dropped and counted.
  var hasRoom: Bool { publisher.backlog < configuration.connector.logBuffer / 2 || lacksServer }

  /// Whether a request may produce a record or two: less than 7/8 of `connector.log_buffer` is in use.
  var hasLittleRoom: Bool { publisher.backlog < configuration.connector.logBuffer / 8 * 7 || lacksServer }

  /// Whether there has been no log server for more than `connector.log_patience`.
  private var lacksServer: Bool {
    !publisher.isJoined
      && Double(Clock.monotonic() - serverLostAt) / 1e9 > configuration.connector.logPatience
  }

  /// Whether the log server has caught up enough to resume a send to many peers. Resuming earlier would send
  /// each message to each peer in a write of its own.
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

  /// Publishes a sentence as a record and writes it to our own log.
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
      // Old configurations name a file that may be missing. On any error the former blacklist stays.
      report(.error, "blacklist kept as it was: \(error)")
    }
  }

  /// Reads the configuration again and applies it: blacklist, limits, pings, our `version`. Listeners and
  /// network do not change.
  ///
  /// - Returns: a sentence that says what was done.
  /// - Throws: `ConfigurationError`; nothing changes then.
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

  /// Closes every connection, waits up to three seconds until all published records are acknowledged, and
  /// stops the loop. Further calls do nothing.
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
      // Clients that wait for the connector to end see it now.
      control.close()
      loop.stop()
    }
  }
}
