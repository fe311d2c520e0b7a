import BitcoinWire

extension Configuration {
  /// A network that the operator describes, because no table knows it.
  public struct Network: Equatable, Sendable {
    /// What tells its messages from another network's.
    public enum Identity: Equatable, Sendable {
      /// The four bytes every message starts with, in order.
      case magic([UInt8])
      /// The challenge of a signet (BIP325), from which the magic follows.
      case signetChallenge([UInt8])
    }

    /// Its name, of 1 to 64 bytes: lower-case letters, digits, `.`, `_` and `-`.
    public internal(set) var name: String
    /// What tells its messages from another network's.
    public internal(set) var identity: Identity
    /// The port its nodes listen on where nothing else is said; 1 … 65,535.
    public internal(set) var port: UInt16
    /// Names whose addresses are nodes of the network.
    public internal(set) var dnsSeeds: [String] = []
    /// The protocol version of its nodes.
    public internal(set) var protocolVersion: Int32 = 70016
    /// The hash of its first block as it is usually written, 64 hexadecimal digits; nil where nobody says.
    public internal(set) var genesis: String?
    /// The coin whose messages its messages are like.
    public internal(set) var dialect = Dialect.bitcoin
  }

  /// The networks known without being described, by name.
  public static let knownNetworks = BitcoinWire.Network.all.map(\.name)

  /// The description of the network that the connector is to join; nil where it is a known one.
  public var describedNetwork: Network? { networks.first { $0.name == connector.network } }
}

extension Configuration {
  /// The key of the networks that the operator describes.
  static let networkKeys = [
    Key(
      "networks",
      \.networks,
      Kind.networks,
      example: """
        ( { name = "mynet"; signet_challenge = "51"; port = 38333; dns_seeds = ( "seed.example.org" ); } )
        """,
      """
      Networks besides the known ones, for connector.network to name: a list of groups. Each has name,
      port, and either magic, the four bytes every message starts with in hexadecimal, or
      signet_challenge, a signet's challenge in hexadecimal (BIP 325). Each may have dns_seeds,
      protocol_version (70016), genesis, the hash of the first block, and dialect, the coin whose
      messages its messages are like: \(Dialect.all.map(\.name).joined(separator: ", ")).
      """
    )
  ]
}
