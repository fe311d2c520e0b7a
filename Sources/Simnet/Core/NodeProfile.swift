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

  /// The profile of a node of a census. What it understands follows from what it calls itself: Bitcoin Core took up
  /// both with protocol version 70016, btcd only the addresses.
  public init(_ row: PopulationRow) {
    userAgent = row.userAgent
    version = row.version
    services = row.services
    speaksWtxidRelay = version >= 70016 && !userAgent.contains("btcd")
    speaksAddrV2 = version >= 70016
  }
}
