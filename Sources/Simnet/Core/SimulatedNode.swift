import BitcoinWire

/// One node of the network: what never changes about it.
public struct SimulatedNode: Sendable, Equatable {
  /// Its number, from 0.
  public let index: Int

  /// Where it listens.
  public let endpoint: Endpoint

  /// The software it runs.
  public let profile: NodeProfile

  /// How many blocks less than it has it claims in `version`: most claim what they have.
  public let heightLag: Int

  /// The addresses it tells of.
  public let addressBook: AddressBook

  /// Creates node `index` of the network with these settings, whose port is chosen.
  public init(_ index: Int, of settings: SimnetSettings) {
    var random = RandomSource(seed: settings.seed, purpose: "node", index: UInt64(index))
    self.index = index
    endpoint = settings.endpoint(of: index)
    profile = NodeProfile(of: index, seed: settings.seed)
    heightLag = random.happens(percent: 8) ? Int.random(in: 1...5, using: &random) : 0
    addressBook = AddressBook(owner: index, settings: settings)
  }
}
