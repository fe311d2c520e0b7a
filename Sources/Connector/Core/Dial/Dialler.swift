import BitcoinWire
import Configuration
import ControlProtocol
import EventLoop
import LogProtocol

/// Begins the connects that clients ask for, as fast and as many at a time as is configured.
final class Dialler {
  private unowned let connector: Connector
  private var queue = DialQueue()
  private var pace = DialPace(now: Clock.monotonic())
  private var claims = EndpointClaims()
  /// Connects under way, until their handshakes are done.
  private var inFlight: Set<UInt32> = []
  private var timer: TimerWatcher?
  private var refusals: [() -> Void] = []
  private var refusal: TimerWatcher?
  private var bindTurn = 0

  init(_ connector: Connector) {
    self.connector = connector
    timer = TimerWatcher(on: connector.loop) { [unowned self] in goOn() }
    refusal = TimerWatcher(on: connector.loop) { [unowned self] in tellRefusals() }
  }

  private var settings: Configuration.Dial { connector.configuration.connector.dial }

  /// How many connects wait until they may begin.
  var waitingCount: Int { queue.count }

  /// How many more may wait.
  var room: Int { max(0, settings.queue - queue.count) }

  // MARK: Asking

  /// Takes a connect on; the id is known at once, the outcome is published, and told to the requester.
  func dial(
    _ target: ConnectTarget,
    for requester: ControlSession?,
    request: UInt32,
    lane: ObjectIdentifier?
  ) -> UInt32 {
    let dial = Dial(connector.takeID(), to: target, for: requester, request: request, lane: lane)
    connector.noteConnectBegun()
    take(dial)
    goOn()
    return dial.id
  }

  private func take(_ dial: Dial) {
    let remote = dial.target.remote
    guard !connector.isBlacklisted(remote) else {
      return refuse(dial, ConnectionOutcome.blacklisted.reason())
    }
    if let other = claims.owner(of: remote), !dial.target.isAnother {
      return refuse(dial, ConnectionOutcome.alreadyConnected.reason("connection \(other)"))
    }
    guard room > 0 else {
      let details = "\(queue.count) connects wait, as many as connector.dial.queue allows"
      return refuse(dial, ConnectionOutcome.queueFull.reason(details))
    }
    claims.claim(remote, by: dial.id)
    queue.add(dial)
  }

  /// Those that wait and that a target names or describes.
  func waiting(_ target: ControlTarget) -> [Dial] {
    guard queue.count > 0 else { return [] }
    switch target {
    case .all: return queue.all
    case .connections(let ids): return ids.compactMap { queue[$0] }
    case .filter(let filter):
      // A draw is among those that are begun.
      return filter.sample == nil ? queue.all.filter { filter.matches($0.info) } : []
    }
  }

  /// Gives up those that wait.
  func cancel(_ dials: [Dial], reason: String) {
    for dial in dials where queue.remove(dial.id) != nil {
      claims.release(dial.target.remote, by: dial.id)
      refuse(dial, reason)
    }
  }

  // MARK: Beginning

  /// Begins what may begin now.
  func goOn() {
    guard !connector.isShuttingDown else { return }
    let settings = settings
    while queue.count > 0, inFlight.count < settings.inFlight {
      guard pace.take(rate: settings.rate, now: Clock.monotonic()) else {
        timer?.start(after: pace.secondsUntilNext(rate: settings.rate))
        return
      }
      guard let dial = queue.removeFirst() else { return }
      begin(dial)
    }
  }

  private func begin(_ dial: Dial) {
    let remote = dial.target.remote
    func fail(_ reason: String) {
      claims.release(remote, by: dial.id)
      refuse(dial, reason)
    }
    guard !connector.isBlacklisted(remote) else { return fail(ConnectionOutcome.blacklisted.reason()) }
    let limit = settings.groupLimit
    guard limit == 0 || claims.count(near: remote.address) < limit else {
      let details = "\(limit) connections to \(remote.address.group), the connector.dial.group_limit"
      return fail(ConnectionOutcome.groupFull.reason(details))
    }
    let proxy = dial.target.proxy ?? connector.proxy(for: remote.address)
    guard let address = (proxy ?? remote).socketAddress else {
      let network = (proxy ?? remote).address.network
      return fail(ConnectionOutcome.noRoute.reason("\(network) needs a proxy, and none is configured"))
    }
    claims.enter(remote.address)
    inFlight.insert(dial.id)
    let local = local(for: dial.target, to: address, proxy != nil)
    connector.begin(dial, at: address, from: local, isProxy: proxy != nil)
  }

  /// The address to connect from: the client's choice, or the next of those configured.
  private func local(
    for target: ConnectTarget,
    to address: SocketAddress,
    _ isProxy: Bool
  ) -> SocketAddress? {
    if let local = target.local { return local.socketAddress }
    let own = settings.bind.filter { $0.bytes.count == address.addressBytes.count }
    guard !own.isEmpty, !isProxy else { return nil }
    bindTurn &+= 1
    return SocketAddress(addressBytes: own[bindTurn % own.count].bytes, port: 0)
  }

  // MARK: What becomes of them

  /// A connection's handshake is done.
  func opened(_ connection: PeerConnection) {
    if inFlight.remove(connection.id) != nil, queue.count > 0 { timer?.start(after: 0) }
  }

  /// A connection is gone, or was not made.
  func ended(_ connection: PeerConnection) {
    guard connection.direction == .outbound else { return }
    claims.release(connection.remote, by: connection.id)
    claims.leave(connection.remote.address)
    opened(connection)
  }

  /// Gives up everything that waits; nothing is begun any more.
  func shutDown() {
    timer?.cancel()
    cancel(queue.all, reason: "connector shuts down")
  }

  /// Says that a connect is not even tried, once the client has its id, which the reply brings.
  private func refuse(_ dial: Dial, _ reason: String) {
    connector.noteConnectFailed()
    let event = ConnectionEvent(
      .connectFailed,
      .outbound,
      remote: dial.target.remote,
      local: Endpoint(.ipv4(0), port: 0),
      reason: reason
    )
    connector.publisher.publish(.connection, connection: dial.id, at: Clock.now(), body: event.body)
    guard dial.requester != nil else { return }
    refusals.append {
      dial.requester?.tell(.connectFailed(dial.id, errorNumber: 0, reason: reason), about: dial.request)
    }
    refusal?.start(after: 0)
  }

  private func tellRefusals() {
    let due = refusals
    refusals = []
    for tell in due { tell() }
  }
}

extension Dial {
  /// What a filter looks at: a connection that is still being made.
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
