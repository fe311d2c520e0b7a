import BitcoinWire
import EventLoop
import Names
import NodeDatabase

/// Looks up host names of nodes' addresses by reverse DNS, at a limited rate.
///
/// Each address is looked up once. Answers are remembered for a week, failures for an hour. Lookups show the
/// nodes' addresses to name servers, so this has to be switched on. It belongs to its loop's thread.
public final class ReverseNames {
  /// Receives a host name, on the loop, or from within `lookUp` if the name is remembered.
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

  /// The waiting endpoints of each address that is in the queue or in flight.
  private var asked: [NetworkAddress: Set<Endpoint>] = [:]
  /// The addresses to look up; those before `first` are done.
  private var queue: [NetworkAddress] = []
  private var first = 0
  private var inFlight = 0
  private var last: UInt64?

  /// The number of endpoints that wait for their name.
  public private(set) var waiting = 0

  /// Endpoints skipped because the queue was full; they may be looked up again later.
  public private(set) var passedOver = 0

  /// Creates a resolver.
  ///
  /// - Parameters:
  ///   - servers: the name servers, none of them a Unix socket; empty for the system's.
  ///   - rate: queries per second, and the limit of queries in flight, which is at least one.
  ///   - capacity: remembered addresses, about 150 bytes each.
  ///   - queue: endpoints that may wait.
  ///   - needsRoutable: whether unroutable addresses are skipped.
  ///   - handle: called with each name found.
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

  /// Whether any endpoint waits for a name.
  public var isBusy: Bool { waiting > 0 }

  /// Stops all lookups, and forgets the waiting endpoints.
  public func close() {
    timer?.cancel()
    queue = []
    first = 0
    asked = [:]
    waiting = 0
    resolver.close()
  }

  /// Looks up the name of an endpoint's address, if it is IPv4 or IPv6, and routable if `needsRoutable` is
  /// set.
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

  /// Starts the timer for the next query.
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
