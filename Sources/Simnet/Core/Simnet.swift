import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Logging
import Observations

/// A simulated network on an event loop, with a listener for each node and a session for each connection.
public final class Simnet {
  /// The settings, with the real port.
  public let settings: SimnetSettings

  /// The directory of the nodes.
  public let directory: NodeDirectory

  /// The nodes by number.
  public let nodes: [SimulatedNode]

  /// Counts since the start.
  public internal(set) var statistics = Statistics()

  /// The first error in writing a truth file; nil if there was none.
  public private(set) var truthFailure: IOError?

  let loop: EventLoop
  let log: Logger
  let truth: TruthLog?
  let framer: Framer
  let messages: MessageTruth?
  private(set) var neighbourhood: Neighbourhood!
  private(set) var pacer: Pacer?
  private var proxies: [ProxyFrontEnd] = []
  private var link: PartLink?
  private var injections = Schedule<(node: Int, content: Injection)>()
  private var network: SimulatedNetwork
  var listeners: [Listener]
  private var blackHoles: [BlackHole]
  /// Nodes that went down, without a listener now.
  var unlistened: Set<Int> = []
  private(set) var sessions: [[Session]]
  private var goingOn: [Session] = []
  private var lastSession: UInt64 = 0
  private var dialler: ObserverDialler?
  /// Sessions with a scheduled announcement.
  private(set) lazy var wakeUps = WakeUps(on: loop) { [unowned self] in now() }
  private var eventTimer: TimerWatcher?
  private var goOnTimer: TimerWatcher?
  private var tickTimer: TimerWatcher?
  private let start: (wall: UInt64, monotonic: UInt64)

  /// Starts to listen and to simulate.
  ///
  /// - Parameters:
  ///   - truthPath: file for the true events; nil for none.
  ///   - messagesPath: file for every message to and from observers; nil for none.
  public init(
    _ wanted: SimnetSettings,
    on loop: EventLoop,
    log: Logger,
    truthPath: String? = nil,
    messagesPath: String? = nil
  ) throws(IOError) {
    // Listen first, because this settles the port. Nothing is accepted before the loop runs.
    let acceptor = Acceptor()
    let settings: SimnetSettings
    var wanted = wanted
    var membership: (descriptor: Int32, PartLink.Beginning)?
    if wanted.part.number > 1, let path = wanted.linkPath {
      membership = try PartLink.join(path, digest: wanted.digest)
    }
    start = (membership?.1.wall ?? Clock.now(), membership?.1.monotonic ?? Clock.monotonic())
    if let membership { wanted.port = membership.1.port }
    let kinds = wanted.neighbours.assign(nodeCount: wanted.nodeCount, seed: wanted.seed)
    (settings, listeners, blackHoles) = try Self.listen(wanted, kinds, on: loop, acceptor) {
      log.warning("\($0)")
    }
    self.settings = settings
    self.loop = loop
    self.log = log
    truth = try truthPath.map { path throws(IOError) in try TruthLog(path: path) }
    messages = try messagesPath.map { path throws(IOError) in
      try MessageTruth(path: path, wantsPayloads: wanted.keepsPayloads)
    }
    framer = settings.network.framer
    directory = NodeDirectory(settings)
    nodes = (0..<settings.nodeCount).map { [directory] in SimulatedNode($0, of: directory) }
    sessions = Array(repeating: [], count: settings.nodeCount)
    network = SimulatedNetwork(directory, start: start.wall)
    statistics.height = network.ledger.height
    if let truth {
      for node in nodes { truth.node(node, kinds[node.index], at: start.wall) }
      truth.links(network.topology, at: start.wall)
    }
    neighbourhood = Neighbourhood(self, kinds: kinds)
    if let membership { link = PartLink(over: membership.descriptor, of: self) }
    try open()
    acceptor.simnet = self
    eventTimer = TimerWatcher(on: loop) { [unowned self] in live() }
    goOnTimer = TimerWatcher(on: loop) { [unowned self] in goOn() }
    tickTimer = TimerWatcher(on: loop) { [unowned self] in tick() }
    tickTimer?.start(after: 1, every: 1)
    live()
    if settings.dial != nil { dialler = ObserverDialler(self) }
  }

  /// Opens the link to the other parts, the pacer and the proxies.
  private func open() throws(IOError) {
    if settings.part.count > 1, link == nil, let path = settings.linkPath {
      let beginning = PartLink.Beginning(wall: start.wall, monotonic: start.monotonic, port: settings.port)
      link = try PartLink(at: path, of: self, beginning)
    }
    if let pace = settings.pace { pacer = try Pacer(pace, for: self) }
    if let port = settings.proxyPorts.socks {
      proxies.append(try ProxyFrontEnd(.socks, port: port, for: self))
    }
    if let port = settings.proxyPorts.sam { proxies.append(try ProxyFrontEnd(.sam, port: port, for: self)) }
  }

  /// Listening addresses of the proxies: SOCKS5, then SAM, if enabled.
  public var proxyAddresses: [SocketAddress] { proxies.map(\.address) }

  /// For each proxy, the number of connections by user name and password or by SAM session.
  var isolation: [[String: Int]] { proxies.map(\.joined) }

  /// Number of connected processes that serve other parts of the network.
  var partCount: Int { link?.memberCount ?? 0 }

  /// The node that an observer reaches at an address; nil if there is none, or another process serves it.
  func node(at endpoint: Endpoint) -> Int? {
    directory.node(for: endpoint).flatMap { settings.part.serves($0) ? $0 : nil }
  }

  /// Listening endpoints of the nodes that this process serves.
  public var endpoints: [Endpoint] {
    nodes.filter { settings.part.serves($0.index) }.map(\.endpoint)
  }

  /// The node that listens at an endpoint or is known by it; nil if there is none.
  public func node(for endpoint: Endpoint) -> SimulatedNode? {
    directory.node(for: endpoint).map { nodes[$0] }
  }

  /// Whether a node is up.
  func isUp(_ node: Int) -> Bool { network.isUp[node] }

  /// The links between the nodes.
  var links: Links { network.links }

  /// All transactions and blocks.
  public var ledger: Ledger { network.ledger }

  /// Closes all sessions and listeners, and completes the truth files. Does nothing the second time.
  public func close() {
    eventTimer?.cancel()
    goOnTimer?.cancel()
    tickTimer?.cancel()
    wakeUps.cancel()
    for (item, spread) in network.spreads.sorted(by: { $0.value.start < $1.value.start }) {
      truth?.spread(item, from: spread.start, spread.arrivals, ledger)
    }
    network.spreads = [:]
    dialler = nil
    for listener in listeners { listener.close() }
    listeners = []
    blackHoles = []
    neighbourhood.close()
    pacer?.close()
    for proxy in proxies { proxy.close() }
    proxies = []
    link?.close()
    link = nil
    for session in sessions.joined() { session.close("the network stopped") }
    flushTruth()
  }

  /// Wall-clock time in ns since the Unix epoch, as set at the start. Later changes of the clock have no
  /// effect.
  func now() -> UInt64 { start.wall + (Clock.monotonic() - start.monotonic) }

  func accept(_ descriptor: Int32, _ node: Int, from peer: SocketAddress, knownAs: Endpoint? = nil) {
    guard network.isUp[node], sessions[node].count < room(at: node) else {
      statistics.refused += 1
      Glibc.close(descriptor)
      return
    }
    begin(node, descriptor, peer, .inbound, knownAs: knownAs)
  }

  /// Starts a connection between a node and an observer.
  ///
  /// - Parameter knownAs: the node's endpoint as the observer knows it; nil for the connection's local
  ///   address.
  func begin(
    _ node: Int,
    _ descriptor: Int32,
    _ peer: SocketAddress,
    _ direction: Conversation.Direction,
    knownAs: Endpoint? = nil
  ) {
    let endpoint = knownAs ?? Endpoint(Socket.localAddress(of: descriptor))
    lastSession += 1
    statistics.sessions += 1
    statistics.opened += 1
    let peer = Endpoint(peer)
    truth?.opened(session: lastSession, of: node, with: peer, direction)
    let trail = messages.map { MessageTrail($0, lastSession, at: endpoint, with: peer, direction) }
    if neighbourhood.begin(lastSession, node, descriptor, direction, trail: trail) { return }
    let random = RandomSource(seed: settings.seed, purpose: "session", index: lastSession)
    let conversation = Conversation(of: nodes[node], with: peer, direction, random: random, at: now())
    let session = Session(lastSession, conversation, descriptor: descriptor, trail: trail, simnet: self)
    sessions[node].append(session)
    session.open()
  }

  func ended(_ session: Session, for reason: String) {
    sessions[session.node.index].removeAll { $0 === session }
    sessionEnded(session.number, of: session.node.index, session.direction, for: reason)
  }

  /// Handles the end of a connection of any node.
  func sessionEnded(
    _ number: UInt64,
    of node: Int,
    _ direction: Conversation.Direction,
    for reason: String
  ) {
    statistics.sessions -= 1
    truth?.closed(session: number, of: node, for: reason)
    log.debug("session \(number) of \(nodes[node].endpoint) ended: \(reason)")
    dialler?.sessionEnded(of: node, direction)
  }

  /// Resumes a session in the next batch, so that other sessions get their turns first.
  func goOnLater(_ session: Session) {
    goingOn.append(session)
    goOnTimer?.start(after: 0)
  }

  private func goOn() {
    let ready = goingOn
    goingOn = []
    for session in ready { session.goOn() }
  }

  /// Handles an observer's transaction at a node.
  func take(_ transaction: Transaction, at node: Int) {
    if let link {
      let time = now() + PartLink.delay
      link.tell(.injected(time: time, node: UInt32(node), transaction))
      return inject(.transaction(transaction), at: node, time: time)
    }
    report(network.take(transaction, at: node, time: now()))
    // The next event may be earlier now.
    eventTimer?.start(after: 0)
  }

  /// Handles an observer's addresses at a node.
  func hear(_ told: [KnownNode], at node: Int) {
    if let link {
      let time = now() + PartLink.delay
      link.tell(.heard(time: time, node: UInt32(node), told))
      return inject(.addresses(told), at: node, time: time)
    }
    for known in told { report(network.hear(known, at: node, time: now())) }
    eventTimer?.start(after: 0)
  }

  /// Schedules an injection at a node for a time that all parts of the network agree on.
  func inject(_ content: Injection, at node: Int, time: UInt64) {
    guard nodes.indices.contains(node) else { return }
    injections.add((node, content), at: time)
    eventTimer?.start(after: 0)
  }

  /// Performs due injections in their order among the network's events, as every other part does.
  private func injectDue(at now: UInt64) {
    while let next = injections.nextTime, next <= now, let (time, injection) = injections.removeFirst() {
      while let next = network.nextTime, next <= time { report(network.advance(to: time)) }
      switch injection.content {
      case .transaction(let transaction): report(network.take(transaction, at: injection.node, time: time))
      case .addresses(let told):
        for known in told { report(network.hear(known, at: injection.node, time: time)) }
      }
    }
  }

  private func live() {
    injectDue(at: now())
    report(network.advance(to: min(now(), injections.nextTime ?? .max)))
    guard let next = [network.nextTime, injections.nextTime].compactMap(\.self).min() else { return }
    let now = now()
    // Wait at least 1 ms, so that events within a millisecond are handled together.
    eventTimer?.start(after: next > now ? max(0.001, Double(next - now) / 1e9) : 0)
  }

  private func report(_ events: [SimulatedNetwork.Event]) {
    for event in events {
      switch event {
      case .invented(let item, let origin, let time):
        switch item {
        case .transaction: statistics.transactions += 1
        case .block(let height): statistics.height = height
        }
        truth?.invented(item, origin: origin, time: time, ledger)
      case .learned(let item, let node, _):
        for session in sessions[node] { session.announce(item) }
      case .went(let isDown, let node, let time):
        truth?.went(down: isDown, node, at: time)
        went(down: isDown, node)
      case .announcedSelf(let node, let time): truth?.announcedSelf(nodes[node], at: time)
      case .heard(let known, let node, let time): passOn(known, from: node, at: time)
      case .refused(let txid, let node, let time): truth?.refused(txid, by: node, at: time)
      case .settled(let item, let start, let arrivals): truth?.spread(item, from: start, arrivals, ledger)
      }
    }
  }

  private func tick() {
    let now = now()
    for session in Array(sessions.joined()) { session.tick(at: now) }
    dialler?.tick(at: now)
    if !unlistened.isEmpty { listenAgain() }
    flushTruth()
  }

  private func flushTruth() {
    do throws(IOError) { try truth?.flush() } catch { failed(error) }
    do throws(IOError) { try messages?.flush() } catch { failed(error) }
  }

  private func failed(_ error: IOError) {
    if truthFailure == nil { log.error("cannot write the truth files: \(error)") }
    truthFailure = truthFailure ?? error
  }
}
