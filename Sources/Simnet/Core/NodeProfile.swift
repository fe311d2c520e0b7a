import BitcoinWire

/// A node's software, as its peers see it.
public struct NodeProfile: Sendable, Equatable {
  /// The user agent (BIP14).
  public let userAgent: String

  /// Highest protocol version that the node speaks.
  public let version: Int32

  /// Services that the node offers.
  public let services: ServiceFlags

  /// Whether the node accepts transactions announced by wtxid (BIP339).
  public let speaksWtxidRelay: Bool

  /// Whether the node accepts `addrv2` (BIP155).
  public let speaksAddrV2: Bool

  /// Creates the profile of a node of a census. Its features follow from version and user agent: Bitcoin Core
  /// has both from protocol version 70016 on, btcd only `addrv2`.
  public init(_ row: PopulationRow) {
    userAgent = row.userAgent
    version = row.version
    services = row.services
    speaksWtxidRelay = version >= 70016 && !userAgent.contains("btcd")
    speaksAddrV2 = version >= 70016
  }
}
