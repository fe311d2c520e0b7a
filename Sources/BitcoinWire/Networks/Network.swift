import Bytes

/// A network of Bitcoin or another coin, with the parameters that distinguish its nodes and messages.
public struct Network: Hashable, Sendable, CustomStringConvertible {
  /// The name used in configuration and on command lines.
  public let name: String

  /// Other accepted names, such as Bitcoin Core's `main`.
  public let aliases: [String]

  /// The four bytes that start every message, as a little-endian integer: mainnet's `f9 be b4 d9` is
  /// 0xD9B4BEF9.
  public let magic: UInt32

  /// The TCP port that the network's nodes listen on by default.
  public let defaultPort: UInt16

  /// Host names that resolve to nodes of the network, from its node software, without the final dot.
  public let dnsSeeds: [String]

  /// The protocol version of the network's current nodes.
  public let protocolVersion: Int32

  /// The hash of the genesis block; zero if it is not known.
  public let genesisHash: Hash256

  /// The differences between the network's messages and Bitcoin's.
  public let dialect: Dialect

  /// The place of the network's nodes.
  public let reach: Reach

  /// The text of `fixedSeeds`, one a line.
  private let seedList: String

  /// The place of a network's nodes. It decides which addresses are dialled. The raw value is the u8 of the
  /// connector's hello (docs/control-protocol.md).
  public enum Reach: UInt8, Hashable, Sendable, CaseIterable {
    /// On the Internet and in overlay networks. Crawls dial routable addresses.
    case anywhere = 0
    /// On one machine. Crawls dial loopback addresses only; a client's connect dials any address.
    case machine = 1
    /// Simulated nodes on loopback, which advertise addresses that do not belong to them. Without a proxy,
    /// the connector dials loopback addresses only.
    case simulation = 2
  }

  /// The name used in configuration and on command lines.
  public var description: String { name }

  /// The four bytes that start every message, in wire order.
  public var magicBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittle(magic)
    return bytes
  }

  /// Nodes to dial first if no others are known: at most 24, with some each of IPv4, IPv6, Tor, I2P and
  /// CJDNS. Empty if the network's software has none. Parsed from text on each access.
  public var fixedSeeds: [Endpoint] {
    seedList.split(separator: "\n").compactMap { Endpoint(String($0)) }
  }

  /// The network with this name or alias; nil if there is none.
  public init?(named name: String) { self.init(named: name, among: Self.all) }

  /// The network with this name or alias among these; nil if there is none.
  init?(named name: String, among networks: [Network]) {
    guard let network = networks.first(where: { $0.name == name || $0.aliases.contains(name) }) else {
      return nil
    }
    self = network
  }

  /// The network with this magic; nil if there is none.
  public init?(magic: UInt32) {
    guard let network = Self.byMagic[magic] else { return nil }
    self = network
  }

  /// Creates a network.
  ///
  /// - Parameter fixedSeeds: nodes to dial first, as text, one a line.
  public init(
    name: String,
    aliases: [String] = [],
    magic: UInt32,
    defaultPort: UInt16,
    dnsSeeds: [String] = [],
    protocolVersion: Int32 = 70016,
    genesisHash: Hash256,
    reach: Reach = .anywhere,
    dialect: Dialect = .bitcoin,
    fixedSeeds: String = ""
  ) {
    self.name = name
    self.aliases = aliases
    self.magic = magic
    self.defaultPort = defaultPort
    self.dnsSeeds = dnsSeeds
    self.protocolVersion = protocolVersion
    self.genesisHash = genesisHash
    self.reach = reach
    self.dialect = dialect
    seedList = fixedSeeds
  }

  private static let byMagic = Dictionary(uniqueKeysWithValues: all.map { ($0.magic, $0) })
}
