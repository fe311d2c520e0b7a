import BitcoinWire

/// One node of the network: what never changes about it.
public struct SimulatedNode: Sendable, Equatable {
  /// Its number, from 0.
  public let index: Int

  /// Where it listens.
  public let endpoint: Endpoint

  /// The software it runs.
  public let profile: NodeProfile

  /// By which address others know it: the same, or one of the network that it is on.
  public let knownAs: Endpoint

  /// The network that it is on, whatever the address that it is known by.
  public let network: NetworkID

  /// Where it is, as two capital letters; nil where nobody knows.
  public let country: String?

  /// How many blocks less than it has it claims in `version`: most claim what they have, some more.
  public let heightLag: Int

  /// The addresses it tells of.
  public let addressBook: AddressBook

  /// Node `index` of a network.
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
