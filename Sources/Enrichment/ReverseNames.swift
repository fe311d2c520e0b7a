import BitcoinWire
import EventLoop
import Names
import NodeDatabase

/// Asks name servers what addresses of nodes are called, so many a second.
///
/// Each address is asked for once, and what was answered is remembered: a week, or an hour where nobody answered. It
/// tells name servers whom one looks at, so it is for those who want it. It belongs to its loop's thread.
public final class ReverseNames {
  /// Takes what was found, on the loop, or from within `lookUp` where it is remembered.
  public typealias Handler = (EndpointFacts) -> Void

  private static let hour: UInt64 = 3_600_000_000_000

  private let resolver: NameResolver
  private let interval: Double
  private let limit: Int
  private let queueLimit: Int
  private let needsRoutable: Bool
  private let handle: Handler
  private var cache: NameCache
  private var timer: TimerWatcher?

  /// The endpoints of each address that is asked for, or will be.
  private var asked: [NetworkAddress: Set<Endpoint>] = [:]
  /// Those that will be, from `first` on.
  private var queue: [NetworkAddress] = []
  private var first = 0
  private var inFlight = 0
  private var last: UInt64?

  /// How many endpoints wait for their name.
  public private(set) var waiting = 0

  /// How many were passed over because too many waited; they may be looked up again later.
  public private(set) var passedOver = 0

  /// Prepares to ask.
  ///
  /// - Parameters:
  ///   - servers: the name servers to ask, none of them a unix socket; empty for the system's.
  ///   - rate: questions a second, and most under way, but one at least.
  ///   - capacity: addresses that are remembered, in some 150 bytes each.
  ///   - queue: endpoints that may wait.
  ///   - needsRoutable: whether addresses are passed over that nobody elsewhere can have.
  ///   - handle: takes each name that is found.
  public init(
    servers: [SocketAddress] = [],
    rate: Double = 10,
    capacity: Int = 100_000,
    queue: Int = 10_000,
    needsRoutable: Bool = true,
    on loop: EventLoop,
    handle: @escaping Handler
  ) throws(NameError) {
    resolver = try NameResolver(servers: servers, on: loop)
    self.needsRoutable = needsRoutable
    self.handle = handle
    interval = 1 / rate
    limit = max(1, Int(rate))
    queueLimit = queue
    cache = NameCache(capacity: capacity)
    timer = TimerWatcher(on: loop) { [unowned self] in
      ask()
      schedule()
    }
  }

  deinit { close() }

  /// Whether somebody waits for a name.
  public var isBusy: Bool { waiting > 0 }

  /// Asks nothing more, and forgets who waits.
  public func close() {
    timer?.cancel()
    queue = []
    first = 0
    asked = [:]
    waiting = 0
    resolver.close()
  }

  /// Has the name of an endpoint's address found, where it is IPv4 or IPv6 and routable.
  public func lookUp(_ endpoint: Endpoint) {
    let address = endpoint.address.unmapped
    switch address {
    case .ipv4, .ipv6: guard !needsRoutable || address.isRoutable else { return }
    case .torV2, .torV3, .i2p, .cjdns, .other: return
    }
    switch cache.answer(address, at: Clock.monotonic()) {
    case .name(let name): return tell(name, of: endpoint)
    case .nameless: return
    case nil: break
    }
    if asked[address]?.contains(endpoint) == true { return }
    guard waiting < queueLimit else {
      passedOver += 1
      return
    }
    waiting += 1
    if asked[address] == nil { queue.append(address) }
    asked[address, default: []].insert(endpoint)
    schedule()
  }

  /// Sees to it that the next question is asked when it may be.
  private func schedule() {
    guard first < queue.count, inFlight < limit, let timer, !timer.isRunning else { return }
    let passed = last.map { Double(Clock.monotonic() - $0) / 1e9 } ?? interval
    timer.start(after: max(0, interval - passed))
  }

  private func ask() {
    guard first < queue.count, inFlight < limit else { return }
    let address = queue[first]
    first += 1
    if first * 2 > queue.count {
      queue.removeFirst(first)
      first = 0
    }
    inFlight += 1
    last = Clock.monotonic()
    resolver.name(of: SocketAddress(addressBytes: address.bytes, port: 0)!) { [weak self] result in
      self?.take(result, of: address)
    }
  }

  private func take(_ result: Result<String, NameError>, of address: NetworkAddress) {
    let now = Clock.monotonic()
    let endpoints = asked.removeValue(forKey: address) ?? []
    inFlight -= 1
    waiting -= endpoints.count
    switch result {
    case .success(let name):
      cache.remember(.name(name), of: address, until: now + 168 * Self.hour)
      for endpoint in endpoints { tell(name, of: endpoint) }
    case .failure(let error):
      cache.remember(.nameless, of: address, until: now + (error.isAnswer ? 168 : 1) * Self.hour)
    }
    schedule()
  }

  private func tell(_ name: String, of endpoint: Endpoint) {
    var enrichment = EndpointFacts(endpoint, time: Clock.now())
    enrichment.hostname = name
    handle(enrichment)
  }
}
