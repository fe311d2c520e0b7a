import BitcoinWire

/// The settings of a simulated network.
public struct SimnetSettings: Sendable {
  /// The network's magic, port and first block.
  public var network = Network.simnet

  /// Number of nodes.
  public var nodeCount = 200

  /// The first node's IPv4 address as a big-endian number, in 127/8. The other nodes' follow it without a
  /// gap.
  public var base: UInt32 = 0x7f10_0001

  /// The port of every node; 0 if the system chooses.
  public var port: UInt16

  /// The seed of all random numbers.
  public var seed: UInt64 = 1

  /// The census from which the nodes are drawn.
  public var population = Population.sample

  /// The addresses by which nodes know each other.
  public var gossip = AddressGossip.loopback

  /// Average number of new transactions per second in the whole network; 0 for none.
  public var transactionRate = 2.0

  /// Average seconds between blocks; 0 for no further blocks.
  public var blockInterval = 10.0

  /// Average seconds between batches of transactions from a node to an outbound peer, 2 in Bitcoin Core.
  /// Batches to inbound peers take 2.5 times as long.
  public var hopDelay = 2.0

  /// Factor of the real world's latencies between nodes.
  public var latencyFactor = 1.0

  /// Average seconds between announcements of a node's own address; 0 for never. All other delays of address
  /// relay differ from Bitcoin Core's in the same proportion as this differs from 24 h.
  public var addressInterval = 86_400.0

  /// Number of further addresses that every node knows and nobody listens at. They follow the nodes'
  /// addresses. With loopback gossip only.
  public var deadCount = 0

  /// Number of addresses that address spammers choose from and nobody listens at. They follow the dead
  /// addresses. 0 if spammers invent addresses. With loopback gossip only.
  public var spamCount = 0

  /// Number of connections that a node opens to other nodes.
  public var outboundCount = 8

  /// Height of the chain at the start.
  public var initialHeight = 120

  /// Number of transactions kept once they are in a block.
  public var keptTransactions = 1000

  /// Number of blocks kept whole. Of older blocks the header is kept.
  public var keptBlocks = 200

  /// Most connections of a node, including those with other nodes. Further connections from observers are
  /// closed at once.
  public var slots = 125

  /// Percentage of nodes that have no slot for observers.
  public var fullShare = 0

  /// Average number of nodes that go down per minute.
  public var churn = 0.0

  /// Average seconds until a node that went down comes back.
  public var downTime = 600.0

  /// Unsent bytes to an observer from which on the session is not read (`pause`), and above which it is
  /// closed (`close`).
  public var sendLimits = (pause: 1 << 20, close: 5 << 20)

  /// The observer that nodes connect to, and the number of nodes that do; nil for none.
  public var dial: (target: Endpoint, count: Int)?

  /// Seconds until a node connects to the observer again, after a failure or a lost connection.
  public var redialDelay = 5.0

  /// The shares of unpleasant nodes.
  public var neighbours = NeighbourShares.none

  /// Messages per second from each node that floods its peers.
  public var neighbourRate = 20.0

  /// Bytes per second from each node that sends its version a byte at a time.
  public var trickleRate = 1.0

  /// Whether the file of messages has payloads, not only headers.
  public var keepsPayloads = true

  /// Extra messages for measurements; nil for none.
  public var pace: PaceSettings?

  /// Ports on 127.0.0.1 of the SOCKS5 proxy and the SAM bridge that lead to the nodes; 0 if the system
  /// chooses, nil for no such proxy.
  public var proxyPorts: (socks: UInt16?, sam: UInt16?)

  /// Listeners on loopback that are not nodes, by the addresses that the proxies connect to them.
  public var outside: [Endpoint: OutsideListener] = [:]

  /// Seconds until a proxy gives up a target that does not answer.
  public var proxyTimeout = 20.0

  /// The part of the nodes that this process serves.
  public var part = NetworkPart.whole

  /// Path of the unix socket by which the parts of the network find each other.
  public var linkPath: String?

  /// Creates the program's default settings.
  public init() { port = network.defaultPort }

  /// A hash of the settings that must be equal in all parts of a network.
  var digest: UInt64 {
    let text = """
      \(network.magic) \(nodeCount) \(base) \(seed) \(transactionRate) \(blockInterval) \(hopDelay) \
      \(outboundCount) \(initialHeight) \(keptTransactions) \(keptBlocks) \(part.count) \
      \(gossip) \(deadCount) \(spamCount) \(latencyFactor) \(addressInterval) \(slots) \(fullShare) \(churn) \(downTime) \
      \(population.digest) \(Neighbour.allCases.map { neighbours.shares[$0] ?? 0 })
      """
    return text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// Whether there is a proxy.
  var isProxied: Bool { proxyPorts.socks != nil || proxyPorts.sam != nil }

  /// The addresses that address spammers choose from, once the port is known; nil if they invent them.
  var spam: SpamAddresses? {
    guard spamCount > 0 else { return nil }
    let first = base + UInt32(nodeCount + deadCount)
    return SpamAddresses(addresses: first..<first + UInt32(spamCount), port: port)
  }

  /// A node's listening endpoint, once the port is known. Numbers after the last node's are dead addresses.
  func endpoint(of node: Int) -> Endpoint { Endpoint(.ipv4(base + UInt32(node)), port: port) }
}
