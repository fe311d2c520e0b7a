import BitcoinWire
import Bytes
import EventLoop
import Glibc

/// A proxy through which an observer reaches the nodes by the addresses that they are known by: nothing leaves the
/// process, but for listeners outside of the network, which are on this machine.
final class ProxyFrontEnd {
  /// Which protocol it speaks.
  enum Kind {
    case socks, sam
  }

  /// Where it listens.
  var address: SocketAddress { listener.address }

  /// How many connections were joined to a node by each user name and password, or SAM session; "" for none.
  private(set) var joined: [String: Int] = [:]

  /// The sessions of a SAM bridge.
  var sessions: SAMSessions

  /// How long a client waits for who does not answer, in seconds.
  let timeout: Double

  unowned let simnet: Simnet
  private let kind: Kind
  private var listener: Listener!
  private var clients: [ObjectIdentifier: ProxyClient] = [:]
  private var relays: [ObjectIdentifier: ProxyRelay] = [:]

  /// Most clients whose target is not settled yet.
  private static let maximumClients = 4096

  /// Starts to listen on loopback.
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

  /// Stops listening and closes what is not settled.
  func close() {
    listener.close()
    for client in Array(clients.values) { client.close() }
    for relay in Array(relays.values) { relay.close() }
  }

  /// What becomes of a connect to a target, and which node it leads to.
  func resolve(_ target: ProxyTarget) -> (ProxyOutcome, node: Int, Endpoint)? {
    guard case .endpoint(let endpoint) = target, let node = simnet.node(at: endpoint) else { return nil }
    switch simnet.neighbourhood.kinds[node] {
    case .refused: return (.refused, node, endpoint)
    case .blackHole: return (.timedOut, node, endpoint)
    default: return (simnet.isUp(node) ? .joined : .refused, node, endpoint)
    }
  }

  /// The listener outside of the network that a target leads to; nil where it leads to none.
  func listener(for target: ProxyTarget) -> OutsideListener? {
    guard case .endpoint(let endpoint) = target else { return nil }
    return simnet.settings.outside[endpoint]
  }

  /// Joins a client's connection with one to a listener.
  func join(_ descriptor: Int32, with other: Int32, _ key: String) {
    count(key)
    let relay = ProxyRelay(descriptor, other, frontEnd: self)
    relays[ObjectIdentifier(relay)] = relay
  }

  /// Gives a client's connection to a node.
  func join(_ descriptor: Int32, to node: Int, as endpoint: Endpoint, from peer: SocketAddress, _ key: String)
  {
    count(key)
    simnet.accept(descriptor, node, from: peer, knownAs: endpoint)
  }

  /// Takes in that a client is no longer its concern.
  func forget(_ client: ProxyClient) {
    if let session = client.session { sessions.destinations[session] = nil }
    clients[ObjectIdentifier(client)] = nil
    simnet.loop.retire(client)
  }

  /// Takes in that both ends of a relay are closed.
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
