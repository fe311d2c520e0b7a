import BitcoinWire

/// The software a node runs, as it shows to others.
public struct NodeProfile: Sendable, Equatable {
  /// What it calls itself.
  public let userAgent: String

  /// Highest protocol version that it speaks.
  public let version: Int32

  /// What it offers.
  public let services: ServiceFlags

  /// Whether it takes transactions announced by wtxid (BIP339).
  public let speaksWtxidRelay: Bool

  /// Whether it takes addresses in the new form (BIP155).
  public let speaksAddrV2: Bool

  private init(_ userAgent: String, _ version: Int32, _ services: ServiceFlags, wtxid: Bool, addrV2: Bool) {
    self.userAgent = userAgent
    self.version = version
    self.services = services
    speaksWtxidRelay = wtxid
    speaksAddrV2 = addrV2
  }

  /// The profile of node `index`: each is drawn about as often as it is met on the main network.
  public init(of index: Int, seed: UInt64) {
    var random = RandomSource(seed: seed, purpose: "profile", index: UInt64(index))
    self = Self.draw(using: &random)
  }

  private static func draw(using random: inout RandomSource) -> NodeProfile {
    var rest = Int.random(in: 0..<table.reduce(0) { $0 + $1.share }, using: &random)
    for (share, profile) in table {
      if rest < share { return profile }
      rest -= share
    }
    preconditionFailure("shares add up to their sum")
  }

  private static let full: ServiceFlags = [.network, .witness, .networkLimited]

  private static func core(_ userAgent: String, _ services: ServiceFlags = full) -> NodeProfile {
    NodeProfile(userAgent, 70016, services, wtxid: true, addrV2: true)
  }

  private static let table: [(share: Int, profile: NodeProfile)] = [
    (16, core("/Satoshi:29.0.0/", [full, .p2pV2])),
    (12, core("/Satoshi:28.1.0/", [full, .p2pV2])),
    (8, core("/Satoshi:30.0.0/", [full, .p2pV2])),
    (8, core("/Satoshi:27.0.0/", [full, .p2pV2, .compactFilters])),
    (7, core("/Satoshi:25.0.0/")),
    (5, core("/Satoshi:24.0.1/")),
    (4, core("/Satoshi:22.0.0/", [.witness, .networkLimited])),
    (14, core("/Satoshi:29.1.0/Knots:20250903/", [full, .bloom, .p2pV2])),
    (5, core("/Satoshi:28.1.0/Knots:20250305/", [full, .bloom])),
    (3, NodeProfile("/Satoshi:0.21.0/", 70016, full, wtxid: true, addrV2: true)),
    (3, NodeProfile("/Satoshi:0.20.1/", 70015, full, wtxid: false, addrV2: false)),
    (2, NodeProfile("/Satoshi:0.16.3/", 70015, [full, .bloom], wtxid: false, addrV2: false)),
    (2, NodeProfile("/btcwire:0.5.0/btcd:0.24.2/", 70016, [.network, .witness], wtxid: false, addrV2: true)),
    (1, NodeProfile("/btcwire:0.5.0/btcd:0.22.1/", 70013, [.network, .bloom], wtxid: false, addrV2: false)),
  ]
}
