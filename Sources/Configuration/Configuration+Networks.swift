import BitcoinWire

extension Configuration {
  /// A network described by the operator, as it is not built in.
  public struct Network: Equatable, Sendable {
    /// The source of the network's magic.
    public enum Identity: Equatable, Sendable {
      /// The four bytes that begin every message, in order.
      case magic([UInt8])
      /// The challenge of a signet (BIP325). The magic is derived from it.
      case signetChallenge([UInt8])
    }

    /// The network's name, 1 to 64 bytes: lower-case letters, digits, `.`, `_` and `-`.
    public internal(set) var name: String
    /// The source of the network's magic.
    public internal(set) var identity: Identity
    /// The default port of its nodes; 1 … 65,535.
    public internal(set) var port: UInt16
    /// DNS names that resolve to nodes of the network.
    public internal(set) var dnsSeeds: [String] = []
    /// The protocol version of its nodes.
    public internal(set) var protocolVersion: Int32 = 70016
    /// The hash of the first block in the usual notation, 64 hexadecimal digits; nil if not configured.
    public internal(set) var genesis: String?
    /// The coin whose message formats the network uses.
    public internal(set) var dialect = Dialect.bitcoin
  }

  /// The names of the built-in networks.
  public static let knownNetworks = BitcoinWire.Network.all.map(\.name)

  /// The description of the connector's network; nil if the network is built in.
  public var describedNetwork: Network? { networks.first { $0.name == connector.network } }
}

extension Configuration {
  /// The key of the described networks.
  static let networkKeys = [
    Key(
      "networks",
      \.networks,
      Kind.networks,
      example: """
        ( { name = "mynet"; signet_challenge = "51"; port = 38333; dns_seeds = ( "seed.example.org" ); } )
        """,
      """
      Further networks, which connector.network may name: a list of groups. Each has name, port, and either
      magic, the four bytes that begin every message, in hexadecimal, or signet_challenge, a signet's
      challenge in hexadecimal (BIP 325). Each may have dns_seeds, protocol_version (70016), genesis, the
      hash of the first block, and dialect, the coin whose message formats it uses:
      \(Dialect.all.map(\.name).joined(separator: ", ")).
      """
    )
  ]
}
