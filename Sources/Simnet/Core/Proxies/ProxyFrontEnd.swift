import BitcoinWire
import Bytes
import EventLoop
import Glibc

/// A proxy that connects observers to nodes by the nodes' addresses. It leads nowhere else, except to
/// listeners on loopback given in the settings.
final class ProxyFrontEnd {
  /// The proxy's protocol.
  enum Kind {
    case socks, sam
  }

  /// The listening address.
  var address: SocketAddress { listener.address }

  /// Number of connections joined to a node, by user name and password or by SAM session; "" for none.
  private(set) var joined: [String: Int] = [:]

  /// The sessions of a SAM bridge.
  var sessions: SAMSessions

  /// Seconds that a client waits for a target that does not answer.
  let timeout: Double

  unowned let simnet: Simnet
  private let kind: Kind
  private var listener: Listener!
  private var clients: [ObjectIdentifier: ProxyClient] = [:]
  private var relays: [ObjectIdentifier: ProxyRelay] = [:]

  /// Most clients that are not joined yet.
  private static let maximumClients = 4096

  /// Starts to listen on 127.0.0.1.
  init(_ kind: Kind, port: UInt16, for simnet: Simnet) throws(IOError) {
    self.kind = kind
    self.simnet = simnet
    timeout = simnet.settings.proxyTimeout
    sessions = SAMSessions(
      random: RandomSource(seed: simnet.settings.seed, purpose: "sam", index: simnet.now()),
      destination: { [directory = simnet.directory] in directory.destination(of: $0) }
    )
    listener = try Listener(
      on: .ipv4(0x7f00_0001, port: port),
      loop: simnet.loop,
      accept: { [unowned self] in accept($0, from: $1) },
      fail: { [unowned self] in self.simnet.log.warning("\($0)") }
    )
  }

  /// Stops listening and closes clients and relays.
  func close() {
    listener.close()
    for client in Array(clients.values) { client.close() }
    for relay in Array(relays.values) { relay.close() }
  }

  /// The outcome of a connect to a target, and its node; nil if no node served here has that address.
  func resolve(_ target: ProxyTarget) -> (ProxyOutcome, node: Int, Endpoint)? {
    guard case .endpoint(let endpoint) = target, let node = simnet.node(at: endpoint) else { return nil }
    switch simnet.neighbourhood.kinds[node] {
    case .refused: return (.refused, node, endpoint)
    case .blackHole: return (.timedOut, node, endpoint)
    default: return (simnet.isUp(node) ? .joined : .refused, node, endpoint)
    }
  }

  /// The outside listener that a target leads to; nil if there is none.
  func listener(for target: ProxyTarget) -> OutsideListener? {
    guard case .endpoint(let endpoint) = target else { return nil }
    return simnet.settings.outside[endpoint]
  }

  /// Joins a client's connection with one to an outside listener.
  func join(_ descriptor: Int32, with other: Int32, _ key: String) {
    count(key)
    let relay = ProxyRelay(descriptor, other, frontEnd: self)
    relays[ObjectIdentifier(relay)] = relay
  }

  /// Hands a client's connection to a node.
  func join(_ descriptor: Int32, to node: Int, as endpoint: Endpoint, from peer: SocketAddress, _ key: String)
  {
    count(key)
    simnet.accept(descriptor, node, from: peer, knownAs: endpoint)
  }

  /// Removes a client that is closed or joined.
  func forget(_ client: ProxyClient) {
    if let session = client.session { sessions.destinations[session] = nil }
    clients[ObjectIdentifier(client)] = nil
    simnet.loop.retire(client)
  }

  /// Removes a relay whose ends are both closed.
  func forget(_ relay: ProxyRelay) {
    relays[ObjectIdentifier(relay)] = nil
    simnet.loop.retire(relay)
  }

  private func count(_ key: String) {
    joined[key, default: 0] += 1
    simnet.statistics.proxied += 1
    if joined[key] == 1, !key.isEmpty { simnet.statistics.isolationKeys += 1 }
  }

  private func accept(_ descriptor: Int32, from peer: SocketAddress) {
    guard clients.count < Self.maximumClients else {
      Glibc.close(descriptor)
      return
    }
    let client = ProxyClient(descriptor, from: peer, kind, frontEnd: self)
    clients[ObjectIdentifier(client)] = client
  }
}
