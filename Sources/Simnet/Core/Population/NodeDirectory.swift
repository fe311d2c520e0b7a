import BitcoinWire

/// The nodes of a network: each node's census row, the address by which the others know it, and the addresses
/// by which a proxy leads to it.
public final class NodeDirectory: Sendable {
  /// The network's settings, with the real port.
  public let settings: SimnetSettings

  /// Number of nodes in 1,000 that are moved to I2P and to CJDNS, of which crawlers see little.
  private static let moved = (i2p: 60, cjdns: 5)

  private let rows: [PopulationRow]
  private let services: [ServiceFlags]
  private let networks: [NetworkID]
  private let addresses: [Endpoint]
  private let aliases: [[Endpoint]]
  private let indexes: [Endpoint: Int]

  /// Creates the directory. The settings must have the real port.
  public init(_ settings: SimnetSettings) {
    self.settings = settings
    var rows: [PopulationRow] = []
    var networks: [NetworkID] = []
    var addresses: [Endpoint] = []
    var indexes: [Endpoint: Int] = [:]
    for node in 0..<settings.nodeCount {
      var random = RandomSource(seed: settings.seed, purpose: "address", index: UInt64(node))
      let (row, isFirst) = settings.population.row(of: node, seed: settings.seed)
      rows.append(row)
      let network = Self.network(of: row, using: &random)
      networks.append(network)
      guard settings.gossip == .real else { continue }
      // The destination behind an I2P address of a census is known only to its owner.
      let isTheirs = isFirst && network == row.network && network != .i2p
      let given = isTheirs ? row.address : nil
      let port = network == .i2p ? 0 : row.port
      func invent() -> NetworkAddress {
        network == .i2p
          ? I2PDestination.ofNode(node, seed: settings.seed).address : .random(in: network, using: &random)
      }
      var endpoint = Endpoint(given ?? invent(), port: port)
      while indexes[endpoint] != nil { endpoint.address = invent() }
      addresses.append(endpoint)
      indexes[endpoint] = node
    }
    // Aliases are needed only by proxies.
    var aliases: [[Endpoint]] = []
    for node in 0..<(settings.isProxied ? settings.nodeCount : 0) {
      let known = addresses.isEmpty ? nil : addresses[node].address.network
      aliases.append(Self.aliases(of: node, settings).filter { $0.address.network != known })
      for alias in aliases[node] where indexes[alias] == nil { indexes[alias] = node }
    }
    self.aliases = aliases
    self.rows = rows
    services = rows.map(\.services)
    self.networks = networks
    self.addresses = addresses
    self.indexes = indexes
  }

  /// Number of nodes.
  public var count: Int { settings.nodeCount }

  /// Number of addresses that nodes announce: those of the nodes, and dead ones.
  var addressCount: Int { count + settings.deadCount }

  /// A node's census row.
  func row(of node: Int) -> PopulationRow { rows[node] }

  /// A node's network.
  func network(of node: Int) -> NetworkID { networks[node] }

  /// The services announced with an address.
  func services(of index: Int) -> ServiceFlags { services[index < count ? index : index % count] }

  /// The address by which the others know a node. Numbers after the last node's are dead addresses.
  public func address(of node: Int) -> Endpoint {
    addresses.isEmpty ? settings.endpoint(of: node) : addresses[node]
  }

  /// The addresses by which a proxy leads to a node: the listening address, the address by which the others
  /// know it if that differs, and an onion service, an I2P destination and an IPv6 address, except of the
  /// network by which it is known.
  ///
  /// Without a proxy no address is invented.
  public func names(of node: Int) -> [Endpoint] {
    [settings.endpoint(of: node)] + (addresses.isEmpty ? [] : [addresses[node]])
      + (aliases.isEmpty ? [] : aliases[node])
  }

  /// The destination behind a node's I2P address; nil if no node has that address.
  func destination(of address: NetworkAddress) -> I2PDestination? {
    node(for: Endpoint(address, port: 0)).map { I2PDestination.ofNode($0, seed: settings.seed) }
  }

  /// Number of the node that listens at an endpoint or is known by it; nil if there is none.
  ///
  /// The port of an I2P address is ignored.
  public func node(for endpoint: Endpoint) -> Int? {
    if case .ipv4(let address) = endpoint.address, endpoint.port == settings.port, address >= settings.base,
      Int(address - settings.base) < count
    {
      return Int(address - settings.base)
    }
    var endpoint = endpoint
    if endpoint.address.network == .i2p { endpoint.port = 0 }
    return indexes[endpoint]
  }

  /// Invented addresses of a node: an onion service, an I2P destination and an IPv6 address.
  private static func aliases(of node: Int, _ settings: SimnetSettings) -> [Endpoint] {
    var random = RandomSource(seed: settings.seed, purpose: "names", index: UInt64(node))
    return [
      Endpoint(.random(in: .torV3, using: &random), port: settings.port),
      Endpoint(I2PDestination.ofNode(node, seed: settings.seed).address, port: 0),
      Endpoint(.random(in: .ipv6, using: &random), port: settings.port),
    ]
  }

  private static func network(of row: PopulationRow, using random: inout RandomSource) -> NetworkID {
    let lot = Int.random(in: 0..<1000, using: &random)
    if lot < moved.cjdns { return .cjdns }
    return lot < moved.cjdns + moved.i2p ? .i2p : row.network
  }
}

extension NetworkAddress {
  /// A random address of a network, of a form that a node could have.
  static func random(in network: NetworkID, using random: inout RandomSource) -> NetworkAddress {
    let wide = UInt128(random.next()) << 64 | UInt128(random.next())
    switch network {
    case .torV3: return .torV3(Bytes32(random.bytes(32))!)
    case .i2p: return I2PDestination(using: &random).address
    case .cjdns: return .cjdns(0xfc << 120 | wide >> 8)
    case .ipv6:
      // 2400::/8 to 2b00::/8, the ranges from which registries allocate.
      return .ipv6(UInt128(UInt8.random(in: 0x24...0x2b, using: &random)) << 120 | wide >> 8)
    default:
      while true {
        let address = NetworkAddress.ipv4(UInt32.random(in: 1 << 24..<224 << 24, using: &random))
        if address.isRoutable { return address }
      }
    }
  }
}
