import BitcoinWire

/// What a simulated network is made of and does.
public struct SimnetSettings: Sendable {
  /// The network's magic, port and first block.
  public var network = Network.simnet

  /// How many nodes there are.
  public var nodeCount = 200

  /// The first node's IPv4 address, in 127/8; the others follow it without a gap.
  public var base: UInt32 = 0x7f10_0001

  /// The port of every node; 0 for one the system chooses.
  public var port: UInt16

  /// Decides everything that is random.
  public var seed: UInt64 = 1

  /// Who the nodes are.
  public var population = Population.sample

  /// By which addresses nodes know each other.
  public var gossip = AddressGossip.loopback

  /// Transactions invented per second in the whole network, on average; 0 for none.
  public var transactionRate = 2.0

  /// Seconds from one block to the next, on average; 0 for no further blocks.
  public var blockInterval = 10.0

  /// Seconds from one time that a node tells a peer that it connected to of new transactions to the next, on average;
  /// 2.5 times as long for peers that connected to it. 2 as in Bitcoin Core.
  public var hopDelay = 2.0

  /// How many times as long as in the real world messages between nodes are on the way.
  public var latencyFactor = 1.0

  /// Seconds from one time that a node tells its own address to the next, on average; 0 for never. What else is told of
  /// addresses goes as much faster or slower than in Bitcoin Core as this differs from 24 h.
  public var addressInterval = 86_400.0

  /// Addresses that every node knows besides, where nobody listens: those that follow the nodes'. With loopback gossip
  /// only.
  public var deadCount = 0

  /// How many addresses address spammers tell of, all of them where nobody listens: those that follow the dead ones;
  /// 0 where they make theirs up anew each time. With loopback gossip only.
  public var spamCount = 0

  /// How many connections a node opens to other nodes.
  public var outboundCount = 8

  /// Blocks there are from the start, after the first.
  public var initialHeight = 120

  /// How many transactions are remembered once they are in a block.
  public var keptTransactions = 1000

  /// How many blocks are remembered whole; of older ones there is the header.
  public var keptBlocks = 200

  /// How many connections a node holds, those with other nodes too; of more, what observers open is closed at once.
  public var slots = 125

  /// Of 100 nodes, how many have no slot left for observers.
  public var fullShare = 0

  /// How many nodes go down in a minute, on average.
  public var churn = 0.0

  /// Seconds until one of them comes back, on average.
  public var downTime = 600.0

  /// Bytes waiting to be sent to an observer from which on nothing more is read from it, and then at
  /// which the session is closed.
  public var sendLimits = (pause: 1 << 20, close: 5 << 20)

  /// The observer that nodes connect to by themselves, and how many of them do; nil for none.
  public var dial: (target: Endpoint, count: Int)?

  /// Seconds until a node that could not connect to the observer, or lost it, tries again.
  public var redialDelay = 5.0

  /// Which of the nodes are unpleasant, and how.
  public var neighbours = NeighbourShares.none

  /// Messages per second from each node that floods who connects to it.
  public var neighbourRate = 20.0

  /// Bytes per second from each node that says its version a byte at a time.
  public var trickleRate = 1.0

  /// Whether the truth about messages has their payloads too, and not only their headers.
  public var keepsPayloads = true

  /// What nodes send beside what the network's life causes; nil for nothing.
  public var pace: PaceSettings?

  /// Ports on 127.0.0.1 of proxies that lead to the nodes, SOCKS5's and SAM's; 0 for one the system chooses, nil for no
  /// such proxy.
  public var proxyPorts: (socks: UInt16?, sam: UInt16?)

  /// Listeners on this machine that are no nodes, by the addresses by which the proxies lead to them.
  public var outside: [Endpoint: OutsideListener] = [:]

  /// Seconds until a proxy gives up on who does not answer.
  public var proxyTimeout = 20.0

  /// Which of the nodes this process serves.
  public var part = NetworkPart.whole

  /// The unix socket by which the parts of the network find each other.
  public var linkPath: String?

  /// Creates the settings that the program has by default.
  public init() { port = network.defaultPort }

  /// Tells networks apart whose parts could not share one life: a hash of what decides it.
  var digest: UInt64 {
    let text = """
      \(network.magic) \(nodeCount) \(base) \(seed) \(transactionRate) \(blockInterval) \(hopDelay) \
      \(outboundCount) \(initialHeight) \(keptTransactions) \(keptBlocks) \(part.count) \
      \(gossip) \(deadCount) \(spamCount) \(latencyFactor) \(addressInterval) \(slots) \(fullShare) \(churn) \(downTime) \
      \(population.digest) \(Neighbour.allCases.map { neighbours.shares[$0] ?? 0 })
      """
    return text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// Whether there is a proxy that leads to the nodes.
  var isProxied: Bool { proxyPorts.socks != nil || proxyPorts.sam != nil }

  /// The addresses that address spammers tell of, once the port is known; nil where they make theirs up.
  var spam: SpamAddresses? {
    guard spamCount > 0 else { return nil }
    let first = base + UInt32(nodeCount + deadCount)
    return SpamAddresses(addresses: first..<first + UInt32(spamCount), port: port)
  }

  /// Where a node listens, once the port is known; the numbers after the last node's are dead addresses.
  func endpoint(of node: Int) -> Endpoint { Endpoint(.ipv4(base + UInt32(node)), port: port) }
}
