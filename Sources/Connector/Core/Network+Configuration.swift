import BitcoinWire
import Configuration

extension BitcoinWire.Network {
  /// The configured network: built in or described by the operator, with the configured magic if there is
  /// one.
  ///
  /// - Throws: `ConfigurationError` if `min_version` is above the network's protocol version.
  init(_ configuration: Configuration) throws(ConfigurationError) {
    let name = configuration.connector.network
    if let described = configuration.describedNetwork {
      self.init(described)
    } else if let known = Self(named: name) {
      self = known
    } else {
      preconditionFailure("the configuration's network is neither known nor described")
    }
    let settings = configuration.connector.bitcoin
    if let magic = settings.magic, magic != self.magic {
      // The reach of simulated and local networks stays, whatever the magic.
      let known = reach == .anywhere ? Self(magic: magic) : nil
      self = known ?? with(magic: magic)
    }
    guard settings.maxVersion != nil || settings.minVersion <= protocolVersion else {
      let key = "connector.bitcoin.min_version"
      throw ConfigurationError(
        .conflict,
        origin: configuration.origin(of: key),
        key: key,
        reason: "\(settings.minVersion) is more than \(protocolVersion), which \(self.name) speaks",
        remedy: "lower it, or set connector.bitcoin.max_version too"
      )
    }
  }

  /// Converts an operator's description of a network.
  private init(_ described: Configuration.Network) {
    let genesis = described.genesis.flatMap { Hash256($0) }
    let magic: UInt32
    let first: Hash256
    switch described.identity {
    case .magic(let bytes):
      magic = bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
      first = .zero
    case .signetChallenge(let challenge):
      let signet = Self.signet(challenge: challenge)
      (magic, first) = (signet.magic, signet.genesisHash)
    }
    self.init(
      name: described.name,
      magic: magic,
      defaultPort: described.port,
      dnsSeeds: described.dnsSeeds,
      protocolVersion: described.protocolVersion,
      genesisHash: genesis ?? first,
      dialect: described.dialect
    )
  }

  /// The same network with another magic, and named after it.
  private func with(magic: UInt32) -> Self {
    Self(
      name: "magic \(String(magic, radix: 16))",
      magic: magic,
      defaultPort: defaultPort,
      protocolVersion: protocolVersion,
      genesisHash: genesisHash,
      reach: reach,
      dialect: dialect
    )
  }
}
