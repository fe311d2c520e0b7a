import BitcoinWire
import Observations

@testable import Crawler

/// A simulated network and connector, without sockets and waiting. It steps a crawl through simulated time.
final class World {
  /// The behaviour of an address when it is dialled.
  enum Kind {
    /// A node that answers `getaddr` with these addresses in one message; with no addresses it does not answer.
    case node([KnownNode])
    /// A node without a free slot.
    case full
    /// No node, and the connection is refused.
    case closed
    /// No node, and no reply.
    case silent
    /// A node of another network.
    case other
  }

  /// Seconds between two steps.
  static let tick = 0.1

  var kinds: [Endpoint: Kind] = [:]
  var crawl: Crawl
  var now = 0.0
  private(set) var dialled: [Endpoint: Int] = [:]
  private(set) var open: [UInt32: Endpoint] = [:]
  private(set) var asked: [UInt32] = []
  private var pending: [(connection: UInt32, endpoint: Endpoint)] = []
  private var lastConnection: UInt32 = 0

  static let epoch = 1_800_000_000.0

  init(_ settings: CrawlSettings = CrawlSettings(), seed: UInt64 = 7) {
    crawl = Crawl(settings, epoch: Self.epoch, seed: seed)
  }

  static func introduction(_ agent: String = "/Satoshi:31.0.0/") -> PeerIntroduction {
    PeerIntroduction(
      protocolVersion: 70016,
      services: [.network, .witness],
      userAgent: Array(agent.utf8),
      startHeight: 9,
      relay: true
    )
  }

  static func node(_ endpoint: Endpoint, time: Double = epoch) -> KnownNode {
    KnownNode(time: UInt32(time), services: .network, endpoint: endpoint)
  }

  /// A routable IPv4 endpoint. Numbers that differ by 65,536 or more are in different groups.
  static func endpoint(_ number: UInt32) -> Endpoint {
    let isRoutable = { (address: NetworkAddress) in address.isRoutable }
    let address = NetworkAddress.ipv4(0x2000_0000 &+ number)
    precondition(isRoutable(address))
    return Endpoint(address, port: 8333)
  }

  /// One step of a tenth of a second.
  func step() {
    now += Self.tick
    let arrived = pending
    pending = []
    for (connection, endpoint) in arrived { answer(connection, endpoint) }
    crawl.advance(to: now)
    let dials = crawl.nextDials(limit: .max, at: now)
    let connections = dials.map { _ in
      lastConnection += 1
      return lastConnection
    }
    crawl.begun(dials, as: connections, at: now)
    for (dial, connection) in zip(dials, connections) {
      dialled[dial.endpoint, default: 0] += 1
      pending.append((connection, dial.endpoint))
    }
    for connection in crawl.takeAsks() {
      asked.append(connection)
      guard let endpoint = open[connection], case .node(let told) = kinds[endpoint], !told.isEmpty else {
        continue
      }
      crawl.told(told, by: connection, at: now)
    }
    for connection in crawl.takeDisconnects() {
      open[connection] = nil
      crawl.ended(connection, Outcome(.commanded), at: now)
    }
  }

  /// Another program connected to a node.
  func connect(_ endpoint: Endpoint, as connection: UInt32) {
    if kinds[endpoint] == nil { kinds[endpoint] = .node([]) }
    open[connection] = endpoint
    crawl.adopt(connection, endpoint, Self.introduction(), at: now)
  }

  private func answer(_ connection: UInt32, _ endpoint: Endpoint) {
    switch kinds[endpoint] ?? .silent {
    case .node:
      open[connection] = endpoint
      crawl.connected(connection, duration: 1)
      crawl.handshaken(connection, Self.introduction(), duration: 2, at: now)
    case .full:
      crawl.connected(connection, duration: 1)
      crawl.ended(connection, Outcome(.closedBeforeVersion), at: now)
    case .closed: crawl.ended(connection, Outcome(.refused), at: now)
    case .other:
      crawl.connected(connection, duration: 1)
      crawl.ended(connection, Outcome(.wrongMagic), at: now)
    case .silent: break
    }
  }

  /// Takes a node down: its connections end.
  func takeDown(_ endpoint: Endpoint) {
    kinds[endpoint] = .closed
    for (connection, other) in open where other == endpoint {
      open[connection] = nil
      crawl.ended(connection, Outcome(.reset), at: now)
    }
  }

  /// Steps until a condition holds; returns false if it does not hold within `seconds`.
  func run(for seconds: Double, until condition: (World) -> Bool = { _ in false }) -> Bool {
    let end = now + seconds
    while now < end {
      if condition(self) { return true }
      step()
    }
    return condition(self)
  }

  /// Begins a pass, and steps until it is over.
  func pass(limit: Double = 3600) -> Bool {
    crawl.beginPass(at: now)
    return run(for: limit) { $0.crawl.isSettled }
  }

  /// The endpoints that are reachable according to the crawl.
  var found: Set<Endpoint> { Set(crawl.reachableNodes.map(\.endpoint)) }

  func state(_ endpoint: Endpoint) -> NodeState? {
    crawl.table.index(of: endpoint).map { crawl.table[$0].state }
  }
}
