import BitcoinWire

/// A node, or a group of equal nodes, of a census, as a crawler sees it.
public struct PopulationRow: Sendable, Equatable {
  /// Number of nodes that the row represents.
  public let weight: Int

  /// The network of the address by which others know the node.
  public let network: NetworkID

  /// That address; nil if the row represents several nodes.
  public let address: NetworkAddress?

  /// The port at that address.
  public let port: UInt16

  /// Highest protocol version that the node speaks.
  public let version: Int32

  /// Services that the node offers.
  public let services: ServiceFlags

  /// Number of blocks that the node lacks compared with most nodes; negative if it claims more.
  public let lag: Int

  /// Country as two capital letters (ISO 3166); nil if unknown, as with Tor.
  public let country: String?

  /// The user agent (BIP14).
  public let userAgent: String
}
