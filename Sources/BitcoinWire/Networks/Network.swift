import Bytes

/// A Bitcoin network: what tells its nodes and messages from another's.
public struct Network: Hashable, Sendable, CustomStringConvertible {
  /// The name used in configuration and on command lines.
  public let name: String

  /// Other names that are understood, such as Bitcoin Core's `main`.
  public let aliases: [String]

  /// The four bytes every message starts with, as a little-endian integer: main's `f9 be b4 d9`
  /// is 0xD9B4BEF9.
  public let magic: UInt32

  /// The TCP port its nodes listen on where nothing else is said.
  public let defaultPort: UInt16

  /// Names whose addresses are nodes of the network, as its node software has them, without the last dot.
  public let dnsSeeds: [String]

  /// The protocol version of its current nodes.
  public let protocolVersion: Int32

  /// The hash of its first block; zero where it is not known.
  public let genesisHash: Hash256

  /// How its messages differ from Bitcoin's.
  public let dialect: Dialect

  /// Where its nodes are.
  public let reach: Reach

  /// The text that `fixedSeeds` are in, one a line.
  private let seedList: String

  /// Where a network's nodes are, which decides which addresses are dialled. The raw value is the u8 of the connector's
  /// hello (docs/control-protocol.md).
  public enum Reach: UInt8, Hashable, Sendable, CaseIterable {
    /// On the Internet and in overlay networks. Crawls dial routable addresses.
    case anywhere = 0
    /// On one machine. Crawls dial loopback addresses only; a client's connect dials any address.
    case machine = 1
    /// Simulated, on loopback, and advertising addresses of strangers. Without a proxy, the connector dials loopback
    /// addresses only.
    case simulation = 2
  }

  /// The name.
  public var description: String { name }

  /// The four bytes every message starts with, in order.
  public var magicBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittle(magic)
    return bytes
  }

  /// Nodes to begin with if nothing else is known, 24 at the most: some of IPv4, IPv6, Tor, I2P and CJDNS each. None if
  /// the network's software has none. Read from their text each time.
  public var fixedSeeds: [Endpoint] {
    seedList.split(separator: "\n").compactMap { Endpoint(String($0)) }
  }

  /// The network with this name or alias; nil if there is none.
  public init?(named name: String) { self.init(named: name, among: Self.all) }

  /// The one of these networks with this name or alias; nil if there is none.
  init?(named name: String, among networks: [Network]) {
    guard let network = networks.first(where: { $0.name == name || $0.aliases.contains(name) }) else {
      return nil
    }
    self = network
  }

  /// The network with this magic; nil where there is none.
  public init?(magic: UInt32) {
    guard let network = Self.byMagic[magic] else { return nil }
    self = network
  }

  /// Describes a network.
  ///
  /// - Parameter fixedSeeds: nodes to begin with, as text, one a line.
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
