import BitcoinWire

/// The constant properties of one node.
public struct SimulatedNode: Sendable, Equatable {
  /// Its number, from 0.
  public let index: Int

  /// The listening endpoint.
  public let endpoint: Endpoint

  /// The node's software.
  public let profile: NodeProfile

  /// The address by which others know the node: its endpoint, or one of its network.
  public let knownAs: Endpoint

  /// The node's network, whatever the address by which it is known.
  public let network: NetworkID

  /// Country as two capital letters (ISO 3166); nil if unknown.
  public let country: String?

  /// Number of blocks that its `version` claims fewer than it has: 0 for most nodes, negative for some.
  public let heightLag: Int

  /// The addresses that it announces.
  public let addressBook: AddressBook

  /// Creates node `index` of a network.
  public init(_ index: Int, of directory: NodeDirectory) {
    let row = directory.row(of: index)
    self.index = index
    endpoint = directory.settings.endpoint(of: index)
    profile = NodeProfile(row)
    knownAs = directory.address(of: index)
    network = directory.network(of: index)
    country = row.country
    heightLag = row.lag
    addressBook = AddressBook(owner: index, directory: directory)
  }
}
