import BitcoinWire

/// Who is who among the nodes of a network: what each is, by which address the others know it, and by which a proxy
/// leads to it.
public final class NodeDirectory: Sendable {
  /// The network's settings; the port is the real one.
  public let settings: SimnetSettings

  /// Of 1,000 nodes of a census, how many are moved to I2P and to CJDNS, which crawlers see little of.
  private static let moved = (i2p: 60, cjdns: 5)

  private let rows: [PopulationRow]
  private let services: [ServiceFlags]
  private let networks: [NetworkID]
  private let addresses: [Endpoint]
  private let aliases: [[Endpoint]]
  private let indexes: [Endpoint: Int]

  /// Looks all nodes up; the port of the settings is chosen.
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
      // Nobody but its owner has the destination for an I2P address of a census.
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
    // Nobody asks for more where there is no proxy.
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

  /// How many nodes there are.
  public var count: Int { settings.nodeCount }

  /// How many addresses there are to tell of: those of the nodes, and dead ones.
  var addressCount: Int { count + settings.deadCount }

  /// What a node is.
  func row(of node: Int) -> PopulationRow { rows[node] }

  /// The network that a node is on.
  func network(of node: Int) -> NetworkID { networks[node] }

  /// What is said to be offered at one of the addresses.
  func services(of index: Int) -> ServiceFlags { services[index < count ? index : index % count] }

  /// By which address the others know a node; the numbers after the last node's are dead addresses.
  public func address(of node: Int) -> Endpoint {
    addresses.isEmpty ? settings.endpoint(of: node) : addresses[node]
  }

  /// Where a proxy leads to a node: where it listens, by which address the others know it, where that is another, and an
  /// onion service, an I2P destination and an IPv6 address, as far as it is not known by one of these.
  ///
  /// Without a proxy nothing is made up.
  public func names(of node: Int) -> [Endpoint] {
    [settings.endpoint(of: node)] + (addresses.isEmpty ? [] : [addresses[node]])
      + (aliases.isEmpty ? [] : aliases[node])
  }

  /// The destination behind a node's I2P address; nil where no node has that address.
  func destination(of address: NetworkAddress) -> I2PDestination? {
    node(for: Endpoint(address, port: 0)).map { I2PDestination.ofNode($0, seed: settings.seed) }
  }

  /// The number of the node that listens at an endpoint, or has it for a name; nil where there is none.
  ///
  /// An I2P address has no port, so none is looked at.
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

  /// Addresses made up for a node: an onion service, an I2P destination, and one of IPv6.
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
  /// An address of a network that somebody could have.
  static func random(in network: NetworkID, using random: inout RandomSource) -> NetworkAddress {
    let wide = UInt128(random.next()) << 64 | UInt128(random.next())
    switch network {
    case .torV3: return .torV3(Bytes32(random.bytes(32))!)
    case .i2p: return I2PDestination(using: &random).address
    case .cjdns: return .cjdns(0xfc << 120 | wide >> 8)
    case .ipv6:
      // 2400::/8 to 2b00::/8: where the registries give out.
      return .ipv6(UInt128(UInt8.random(in: 0x24...0x2b, using: &random)) << 120 | wide >> 8)
    default:
      while true {
        let address = NetworkAddress.ipv4(UInt32.random(in: 1 << 24..<224 << 24, using: &random))
        if address.isRoutable { return address }
      }
    }
  }
}
