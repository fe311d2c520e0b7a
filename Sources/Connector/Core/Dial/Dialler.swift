import BitcoinWire
import Configuration
import ControlProtocol
import EventLoop
import LogProtocol
import Observations
import Pacing

/// Begins the connects that clients request, within the configured rate and number.
final class Dialler {
  /// Nanoseconds of one loop iteration for beginning connects, and as many again for reporting failures.
  private static let share: UInt64 = 2_000_000

  /// Connects a second that are refused without an attempt and get an event each. Further ones are counted.
  private static let eventRate = 1000.0

  private unowned let connector: Connector
  private var queue = DialQueue()
  private var pace = DialPace(now: Clock.monotonic())
  private var claims = EndpointClaims()
  /// Nanoseconds spent on beginning connects since the timer last fired.
  private var spent: UInt64 = 0
  /// Connects under way, until their handshake is done.
  private var inFlight: Set<UInt32> = []
  private var timer: TimerWatcher?
  /// Kept connections that have begun.
  private var kept: [UInt32: Dial] = [:]
  /// Kept connections that wait to be dialled again.
  private var later = DialSchedule()
  private var laterTimer: TimerWatcher?
  /// Kept connections: begun, waiting, or scheduled to be dialled again.
  private(set) var keptCount = 0
  private var refusals: ArraySlice<() -> Void> = []
  private var failures = FailureSum(rate: eventRate, now: Clock.monotonic())
  /// Connects that were cancelled while they waited, and whose failure is not reported yet.
  private var cancelled: ArraySlice<Dial> = []
  private var refusal: TimerWatcher?
  private var bindTurn = 0
  private var proxyTurn = 0
  private var bridgeTurn = 0
  /// The I2P routers by endpoint. `parked` has the connects that wait for a session with one.
  private var bridges: [TCPEndpoint: SAMBridge] = [:]
  private var parked: [UInt32: (dial: Dial, bridge: SAMBridge)] = [:]

  init(_ connector: Connector) {
    self.connector = connector
    timer = TimerWatcher(on: connector.loop) { [unowned self] in
      spent = 0
      goOn()
    }
    laterTimer = TimerWatcher(on: connector.loop) { [unowned self] in takeDue() }
    refusal = TimerWatcher(on: connector.loop) { [unowned self] in tellRefusals() }
  }

  private var settings: Configuration.Dial { connector.configuration.connector.dial }

  /// Connects in the queue.
  var waitingCount: Int { queue.count }

  /// I2P routers that have a session for us.
  var sessionCount: Int { bridges.values.count { $0.session != nil } }

  /// Free places in the queue.
  var room: Int { max(0, settings.queue - queue.count) }

  // MARK: Requests

  /// Accepts a connect and returns its connection id. The outcome is published and reported to the requester.
  func dial(
    _ target: ConnectTarget,
    for requester: ControlSession?,
    request: UInt32,
    lane: ObjectIdentifier?
  ) -> UInt32 {
    let dial = Dial(connector.takeID(), to: target, for: requester, request: request, lane: lane)
    connector.noteConnectBegun()
    if target.isKept {
      keptCount += 1
      guard keptCount <= settings.queue else {
        let count = keptCount - 1
        let outcome = Outcome(.queueFull, .keptConnections, value: count, bound: settings.queue)
        refuse(dial, outcome, isOver: true)
        return dial.id
      }
    }
    take(dial)
    goOn()
    return dial.id
  }

  private func take(_ dial: Dial) {
    let remote = dial.target.remote
    guard !connector.isBlacklisted(remote) else {
      return refuse(dial, Outcome(.blacklisted))
    }
    if let other = claims.owner(of: remote), !dial.target.isAnother {
      return refuse(dial, Outcome(.alreadyConnected, .connection(other)))
    }
    guard room > 0 else {
      let bound = settings.queue
      return refuse(dial, Outcome(.queueFull, .waitingConnects, value: queue.count, bound: bound))
    }
    claims.claim(remote, by: dial.id)
    queue.add(dial)
  }

  /// The waiting or scheduled connects that a target selects.
  func waiting(_ target: ControlTarget) -> [Dial] {
    guard queue.count + later.count + parked.count > 0 else { return [] }
    switch target {
    case .all: return queue.all.filter { $0.cancellation == nil } + notQueued
    case .connections(let ids):
      let ids = Set(ids)
      return ids.compactMap { queue[$0] }.filter { $0.cancellation == nil }
        + notQueued.filter { ids.contains($0.id) }
    case .filter(let filter):
      // A random sample is drawn from connections that have begun.
      return filter.sample == nil
        ? (queue.all + notQueued).filter { $0.cancellation == nil && filter.matches($0.info) } : []
    }
  }

  private var notQueued: [Dial] { later.all + parked.values.map(\.dial) }

  /// Whether a connect with this id waits: in the queue, for a session with an I2P router, or to be dialled
  /// again.
  func isWaiting(_ id: UInt32) -> Bool { queue[id] != nil || parked[id] != nil || later.contains(id) }

  /// Cancels waiting connects. None is dialled again.
  func cancel(_ dials: [Dial], _ outcome: Outcome) {
    for dial in dials where queue[dial.id] != nil && dial.cancellation == nil {
      dial.cancellation = outcome
      cancelled.append(dial)
    }
    failCancelled()
    for dial in dials where parked.removeValue(forKey: dial.id) != nil { giveUp(dial, outcome, isOver: true) }
    guard later.count > 0 else { return }
    for dial in later.remove(Set(dials.map(\.id))) { refuse(dial, outcome, isOver: true) }
  }

  /// Fails cancelled connects, within the share of one loop iteration.
  private func failCancelled() {
    let end = Clock.monotonic() + Self.share
    while connector.isShuttingDown || Clock.monotonic() < end, let dial = cancelled.popFirst() {
      guard queue.remove(dial.id) != nil, let outcome = dial.cancellation else { continue }
      claims.release(dial.target.remote, by: dial.id)
      refuse(dial, outcome, isOver: true)
    }
    if cancelled.isEmpty { cancelled = [] } else { refusal?.start(after: 0) }
  }

  /// Stops keeping a connection that a client's request ends.
  func forget(_ connection: PeerConnection) {
    if kept.removeValue(forKey: connection.id) != nil { keptCount -= 1 }
  }

  // MARK: Beginning

  /// Begins as many connects as the limits allow now.
  func goOn() {
    guard !connector.isShuttingDown else { return }
    let settings = settings
    var last = Clock.monotonic()
    while queue.count > 0, inFlight.count < settings.inFlight {
      // Each makes records, even if it fails.
      guard connector.hasRoom else {
        timer?.start(after: 0.005)
        return
      }
      guard spent < Self.share else {
        timer?.start(after: 0)
        return
      }
      guard pace.take(rate: settings.rate, now: Clock.monotonic()) else {
        timer?.start(after: pace.secondsUntilNext(rate: settings.rate))
        return
      }
      guard let dial = queue.removeFirst() else { return }
      begin(dial)
      let now = Clock.monotonic()
      spent += now - last
      last = now
    }
  }

  private func begin(_ dial: Dial) {
    let remote = dial.target.remote
    if let outcome = dial.cancellation {
      claims.release(remote, by: dial.id)
      return refuse(dial, outcome, isOver: true)
    }
    func fail(_ outcome: Outcome) {
      claims.release(remote, by: dial.id)
      refuse(dial, outcome)
    }
    guard !connector.isBlacklisted(remote) else { return fail(Outcome(.blacklisted)) }
    if let outcome = connector.limits.dialRefusal { return fail(outcome) }
    let limit = settings.groupLimit
    let count = claims.count(near: remote.address)
    guard limit == 0 || count < limit else {
      return fail(Outcome(.groupFull, .groupConnections, value: count, bound: limit))
    }
    guard let route = route(to: dial.target) else {
      let network = (dial.target.proxy ?? remote).address.network
      return fail(Outcome(.noRoute, .unproxied(network)))
    }
    // Simulated nodes announce made-up addresses, which may belong to real hosts.
    if case .direct(let address) = route, connector.network.reach == .simulation, !address.isLoopback {
      return fail(Outcome(.noRoute, .outOfReach(.simulation)))
    }
    if dial.target.isKept { kept[dial.id] = dial }
    claims.enter(remote.address)
    inFlight.insert(dial.id)
    switch route {
    case .direct(let address):
      connector.begin(dial, at: address, from: local(for: dial.target, to: address), through: nil)
    case .socks(let address):
      let local = dial.target.local?.socketAddress
      connector.begin(dial, at: address, from: local, through: .socks(SOCKSDialogue(to: remote)))
    case .i2p(let bridge):
      if let session = bridge.session { return begin(dial, through: bridge, session) }
      parked[dial.id] = (dial, bridge)
      bridge.open(timeout: settings.proxyTimeout)
    }
  }

  /// How a connect reaches its peer.
  private enum Route {
    case direct(SocketAddress)
    case socks(SocketAddress)
    case i2p(SAMBridge)
  }

  /// The client's proxy, or the next configured one for the address; nil if there is no route.
  private func route(to target: ConnectTarget) -> Route? {
    if let proxy = target.proxy { return proxy.socketAddress.map { .socks($0) } }
    let configuration = connector.configuration.connector
    switch target.remote.address {
    case .torV3:
      let proxies = configuration.onionProxies
      guard !proxies.isEmpty else { return nil }
      proxyTurn &+= 1
      let proxy = proxies[proxyTurn % proxies.count]
      return SocketAddress(addressBytes: proxy.address.bytes, port: proxy.port).map { .socks($0) }
    case .i2p:
      guard !configuration.i2pBridges.isEmpty else { return nil }
      bridgeTurn &+= 1
      return bridge(at: configuration.i2pBridges[bridgeTurn % configuration.i2pBridges.count]).map {
        .i2p($0)
      }
    case .ipv4, .ipv6, .cjdns, .torV2, .other: return target.remote.socketAddress.map { .direct($0) }
    }
  }

  private func bridge(at endpoint: TCPEndpoint) -> SAMBridge? {
    if let bridge = bridges[endpoint] { return bridge }
    guard let address = SocketAddress(addressBytes: endpoint.address.bytes, port: endpoint.port) else {
      return nil
    }
    let bridge = SAMBridge(address, on: connector.loop) { [unowned self] in changed($0, failure: $1) }
    bridges[endpoint] = bridge
    return bridge
  }

  /// Handles an I2P router's new session or failure: begins or fails the connects that wait for it.
  private func changed(_ bridge: SAMBridge, failure: Outcome?) {
    let waiting = parked.values.filter { $0.bridge === bridge }.map(\.dial).sorted { $0.id < $1.id }
    for dial in waiting {
      parked[dial.id] = nil
      if let session = bridge.session, failure == nil {
        begin(dial, through: bridge, session)
      } else {
        giveUp(dial, failure ?? Outcome(.proxy), isOver: false)
      }
    }
  }

  private func begin(_ dial: Dial, through bridge: SAMBridge, _ session: String) {
    let dialogue = SAMDialogue(to: dial.target.remote.address, session: session, of: bridge)
    connector.begin(dial, at: bridge.address, from: dial.target.local?.socketAddress, through: .sam(dialogue))
  }

  /// Fails a connect that waits for a session.
  private func giveUp(_ dial: Dial, _ outcome: Outcome, isOver: Bool) {
    kept[dial.id] = nil
    claims.release(dial.target.remote, by: dial.id)
    claims.leave(dial.target.remote.address)
    if inFlight.remove(dial.id) != nil, queue.count > 0 { timer?.start(after: 0) }
    refuse(dial, outcome, isOver: isOver)
  }

  /// The local address to bind to: the client's choice, or the next configured one.
  private func local(for target: ConnectTarget, to address: SocketAddress) -> SocketAddress? {
    if let local = target.local { return local.socketAddress }
    let own = settings.bind.filter { $0.bytes.count == address.addressBytes.count }
    guard !own.isEmpty else { return nil }
    bindTurn &+= 1
    return SocketAddress(addressBytes: own[bindTurn % own.count].bytes, port: 0)
  }

  // MARK: Outcomes

  /// Handles a completed handshake.
  func opened(_ connection: PeerConnection) {
    kept[connection.id]?.openedAt = Clock.monotonic()
    settle(connection)
  }

  /// Handles the end of a connection, or of a failed connect.
  func ended(_ connection: PeerConnection) {
    guard connection.direction == .outbound else { return }
    claims.release(connection.remote, by: connection.id)
    claims.leave(connection.remote.address)
    settle(connection)
    if let dial = kept.removeValue(forKey: connection.id) { dialAgain(dial)?() }
  }

  /// Frees the place of a connect that is no longer under way.
  private func settle(_ connection: PeerConnection) {
    if inFlight.remove(connection.id) != nil, queue.count > 0 { timer?.start(after: 0) }
  }

  /// Schedules the next attempt for a kept connection and publishes it. Returns a closure that reports it to
  /// the requester.
  private func dialAgain(_ dial: Dial) -> (() -> Void)? {
    guard !connector.isShuttingDown else { return nil }
    let now = Clock.monotonic()
    let backoff = Backoff(first: settings.keepDelay, limit: settings.keepMaxDelay)
    // A connection that stood longer than the wait that a failure would cause has not failed.
    let stood = dial.openedAt.map { Double(now - $0) / 1e9 } ?? 0
    let isFailure = stood < backoff.seconds(failures: dial.failures + 1)
    let failures = isFailure ? dial.failures + 1 : 0
    var random = SystemRandomNumberGenerator()
    let delay = UInt64(backoff.seconds(failures: failures, using: &random) * 1e9)
    let next = dial.next(connector.takeID(), failures: failures)
    connector.noteConnectBegun()
    later.add(next, due: now + delay)
    startLaterTimer()
    let seconds = (Double(delay) / 1e8).rounded() / 10
    connector.publisher.publish(
      .connector,
      text:
        "connection \(dial.id) to \(dial.target.remote) is kept: dialled again in \(seconds) s as \(next.id)"
    )
    return { dial.requester?.tell(.again(dial.id, next: next.id, delay: delay), about: dial.request) }
  }

  private func startLaterTimer() {
    guard let due = later.nextDue else { return }
    let now = Clock.monotonic()
    laterTimer?.start(after: due > now ? Double(due - now) / 1e9 : 0)
  }

  private func takeDue() {
    while let dial = later.removeFirst(now: Clock.monotonic()) { take(dial) }
    startLaterTimer()
    goOn()
  }

  /// Cancels all waiting connects. None begins any more.
  func shutDown() {
    timer?.cancel()
    laterTimer?.cancel()
    cancel(queue.all + notQueued, Outcome(.shutDown))
    for bridge in bridges.values { bridge.close() }
  }

  /// Fails a connect without an attempt. The client is notified later, because the reply brings it the id
  /// first.
  ///
  /// - Parameter isOver: whether a kept connection is not dialled again.
  private func refuse(_ dial: Dial, _ outcome: Outcome, isOver: Bool = false) {
    connector.noteConnectFailed()
    let now = Clock.now()
    if failures.mayTell(Clock.monotonic()) {
      let event = ConnectionEvent(
        .connectFailed,
        .outbound,
        remote: dial.target.remote,
        local: Endpoint(.ipv4(0), port: 0),
        outcome: outcome
      )
      connector.publisher.publish(.connection, connection: dial.id, at: now, body: event.body)
    } else {
      // Only the code: details differ from one failure to the next.
      failures.add(dial.id, Outcome(outcome.code), at: now)
      if failures.isFull { tellFailures() }
    }
    let again = dial.target.isKept && !isOver ? dialAgain(dial) : nil
    if dial.target.isKept, isOver { keptCount -= 1 }
    guard dial.requester != nil else { return }
    refusals.append {
      dial.requester?.tell(.connectFailed(dial.id, outcome), about: dial.request)
      again?()
    }
    refusal?.start(after: 0)
  }

  private func tellRefusals() {
    failCancelled()
    let end = Clock.monotonic() + Self.share
    while Clock.monotonic() < end, let tell = refusals.popFirst() { tell() }
    if refusals.isEmpty { refusals = [] } else { refusal?.start(after: 0) }
  }

  /// Whether all failures so far have been reported to the clients. New connect requests wait until then.
  var isCaughtUp: Bool { refusals.isEmpty && cancelled.isEmpty }

  /// Publishes how many connects failed without an event. Called once a second.
  func tellFailures() {
    for sentence in failures.take("connects not tried") { connector.report(.connector, sentence) }
  }
}

extension Dial {
  /// The connect as a filter sees it: a connection in state `connecting`.
  fileprivate var info: ConnectionInfo {
    ConnectionInfo(
      id: id,
      direction: .outbound,
      state: .connecting,
      remote: target.remote,
      local: Endpoint(.ipv4(0), port: 0),
      since: 0
    )
  }
}
