import BitcoinWire

/// The links between a network's nodes: how long things take over them, and when nodes send what waits.
///
/// All of it is a rule, so that nothing depends on who looks when.
struct Links: Sendable {
  /// Which nodes are connected.
  let topology: Topology

  private let key: UInt64
  private let start: UInt64
  private let regions: [Region]
  private let networks: [NetworkID]
  private let hop: UInt64
  /// How often a node tells its own address, in ns.
  let addressInterval: UInt64
  private let latencyFactor: Double

  /// The links of a network that begins to live at `start`, in ns since the Unix epoch.
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

  /// How long a message takes from one node to another, either way, in ns: by their regions, and as good or bad as
  /// the very link is (0.75 to 1.5 times as long).
  func latency(_ node: Int, _ other: Int) -> UInt64 {
    let lot = RandomSource.mixed(key ^ UInt64(min(node, other)) << 32 ^ UInt64(max(node, other)))
    let quality = 0.75 + Double(lot >> 11) * 0x1p-53 * 0.75
    return UInt64(Double(regions[node].delay(to: regions[other])) * 1e6 * quality * latencyFactor)
  }

  /// When a node next tells those that connected to it over a network of new transactions: all of them at once
  /// (`NextInvToInbounds`), 5 s from one time to the next on average (`INBOUND_INVENTORY_BROADCAST_INTERVAL`).
  func nextInventory(of node: Int, toInbound network: NetworkID, after time: UInt64) -> UInt64 {
    moment(1, UInt64(node) << 8 ^ UInt64(network.rawValue), mean: hop / 2 * 5, after: time)
  }

  /// When a node next tells one that it connected to of new transactions: 2 s from one time to the next on average
  /// (`OUTBOUND_INVENTORY_BROADCAST_INTERVAL`).
  ///
  /// - Parameter peer: tells the peer from others: a node's number, or one above all of them.
  func nextInventory(of node: Int, toOutbound peer: UInt64, after time: UInt64) -> UInt64 {
    moment(2, UInt64(node) << 40 ^ peer, mean: hop, after: time)
  }

  /// The first moment after a time of a process of some purpose, in ns since the Unix epoch.
  func moment(_ purpose: UInt64, _ index: UInt64, mean: UInt64, after time: UInt64) -> UInt64 {
    let key = RandomSource.mixed(key &+ purpose ^ index)
    return start + PoissonProcess(key: key, mean: mean).next(after: sinceStart(time))
  }

  /// A time in ns since the Unix epoch as ns since the network began.
  func sinceStart(_ time: UInt64) -> UInt64 { time > start ? time - start : 0 }

  /// When each of a node's neighbours gets a transaction that the node has got.
  ///
  /// It is announced, asked for and sent, which is three times the way. Who was connected to waits another 2 s before
  /// it asks, for someone it chose itself may offer the same (`NONPREF_PEER_TX_DELAY`).
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

  /// When a neighbour gets a block that a node has got.
  ///
  /// The first three that a node connected to push compact blocks to it, once the way (BIP152's high-bandwidth mode,
  /// `MaybeSetPeerAsAnnouncingHeaderAndIDs`); all others announce it, are asked and send it, three times the way. To
  /// check one takes up to 20 ms.
  func blockArrival(from node: Int, to neighbour: Int, at time: UInt64, height: Int) -> UInt64 {
    let isPushed = topology.outbound[neighbour].prefix(3).contains(node)
    let lot = RandomSource.mixed(key &+ 3 ^ UInt64(node) << 40 ^ UInt64(height))
    let check = UInt64(Double(lot % 20_000_000) * latencyFactor)
    return time + check + latency(node, neighbour) * (isPushed ? 1 : 3)
  }
}
