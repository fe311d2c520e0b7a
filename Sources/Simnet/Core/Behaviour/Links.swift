import BitcoinWire

/// The links between a network's nodes: their latency, and the times at which nodes send queued items.
///
/// Everything is computed from settings and time, so that results do not depend on the order of queries.
struct Links: Sendable {
  /// The nodes' connections.
  let topology: Topology

  private let key: UInt64
  private let start: UInt64
  private let regions: [Region]
  private let networks: [NetworkID]
  private let hop: UInt64
  /// Average ns between announcements of a node's own address.
  let addressInterval: UInt64
  private let latencyFactor: Double

  /// Creates the links of a network that starts at `start`, in ns since the Unix epoch.
  init(_ directory: NodeDirectory, start: UInt64) {
    let settings = directory.settings
    topology = Topology(nodeCount: settings.nodeCount, outbound: settings.outboundCount, seed: settings.seed)
    var random = RandomSource(seed: settings.seed, purpose: "links")
    key = random.next()
    self.start = start
    networks = (0..<directory.count).map { directory.network(of: $0) }
    regions = (0..<directory.count).map {
      Region(country: directory.row(of: $0).country, network: directory.network(of: $0))
    }
    hop = UInt64(settings.hopDelay * 1e9)
    addressInterval = UInt64(settings.addressInterval * 1e9)
    latencyFactor = settings.latencyFactor
  }

  /// Latency from one node to another in ns, the same both ways. It depends on their regions and on the
  /// quality of the link, a factor of 0.75 to 1.5.
  func latency(_ node: Int, _ other: Int) -> UInt64 {
    let lot = RandomSource.mixed(key ^ UInt64(min(node, other)) << 32 ^ UInt64(max(node, other)))
    let quality = 0.75 + Double(lot >> 11) * 0x1p-53 * 0.75
    return UInt64(Double(regions[node].delay(to: regions[other])) * 1e6 * quality * latencyFactor)
  }

  /// Time in ns at which a node next sends new transactions to its inbound peers of a network, to all of them
  /// at once (`NextInvToInbounds`): every 5 s on average (`INBOUND_INVENTORY_BROADCAST_INTERVAL`).
  func nextInventory(of node: Int, toInbound network: NetworkID, after time: UInt64) -> UInt64 {
    moment(1, UInt64(node) << 8 ^ UInt64(network.rawValue), mean: hop / 2 * 5, after: time)
  }

  /// Time in ns at which a node next sends new transactions to an outbound peer: every 2 s on average
  /// (`OUTBOUND_INVENTORY_BROADCAST_INTERVAL`).
  ///
  /// - Parameter peer: identifies the peer: a node's number, or a number above all of them.
  func nextInventory(of node: Int, toOutbound peer: UInt64, after time: UInt64) -> UInt64 {
    moment(2, UInt64(node) << 40 ^ peer, mean: hop, after: time)
  }

  /// The first moment after `time` of the process that `purpose` and `index` select, in ns since the Unix
  /// epoch.
  ///
  /// - Parameter mean: average ns between two moments.
  func moment(_ purpose: UInt64, _ index: UInt64, mean: UInt64, after time: UInt64) -> UInt64 {
    let key = RandomSource.mixed(key &+ purpose ^ index)
    return start + PoissonProcess(key: key, mean: mean).next(after: sinceStart(time))
  }

  /// Converts ns since the Unix epoch to ns since the network started; 0 for earlier times.
  func sinceStart(_ time: UInt64) -> UInt64 { time > start ? time - start : 0 }

  /// Calls `body` with each neighbour that lacks a node's new transaction, and the time at which it gets the
  /// transaction.
  ///
  /// The transaction is announced, requested and sent: three times the latency. A neighbour that the node
  /// connected to waits another 2 s before it requests, because a peer of its own choice may offer the same
  /// transaction (`NONPREF_PEER_TX_DELAY`).
  func forEachTransactionArrival(
    from node: Int,
    at time: UInt64,
    unless hasIt: (Int) -> Bool,
    _ body: (Int, UInt64) -> Void
  ) {
    var inbound: [(network: NetworkID, time: UInt64)] = []
    for neighbour in topology.neighbours[node] where !hasIt(neighbour) {
      let way = 3 * latency(node, neighbour)
      if topology.outbound[node].contains(neighbour) {
        let sent = nextInventory(of: node, toOutbound: UInt64(neighbour), after: time)
        body(neighbour, sent + hop + way)
      } else {
        let network = networks[neighbour]
        let sent: UInt64
        if let known = inbound.first(where: { $0.network == network }) {
          sent = known.time
        } else {
          sent = nextInventory(of: node, toInbound: network, after: time)
          inbound.append((network, sent))
        }
        body(neighbour, sent + way)
      }
    }
  }

  /// Time in ns at which a neighbour gets a node's new block.
  ///
  /// A node's first three outbound peers push compact blocks to it, which takes one latency (BIP152's
  /// high-bandwidth mode, `MaybeSetPeerAsAnnouncingHeaderAndIDs`). All others announce the block, are asked
  /// and send it: three latencies. The check of a block takes up to 20 ms times the latency factor.
  func blockArrival(from node: Int, to neighbour: Int, at time: UInt64, height: Int) -> UInt64 {
    let isPushed = topology.outbound[neighbour].prefix(3).contains(node)
    let lot = RandomSource.mixed(key &+ 3 ^ UInt64(node) << 40 ^ UInt64(height))
    let check = UInt64(Double(lot % 20_000_000) * latencyFactor)
    return time + check + latency(node, neighbour) * (isPushed ? 1 : 3)
  }
}
