extension Network {
  /// All networks known by name: a new one is a line here, after its file.
  public static let all: [Network] = [
    mainnet, testnet3, testnet4, signet, regtest, simnet, litecoin, litecoinTestnet, dogecoin,
    dogecoinTestnet, bitcoinCash, bitcoinCashTestnet3, bitcoinCashChipnet, namecoin, namecoinTestnet, dash,
    dashTestnet,
  ]
}

extension Dialect {
  /// The dialects of all networks, each once.
  public static let all = Network.all.map(\.dialect).reduce(into: [Dialect]()) { known, dialect in
    if !known.contains(dialect) { known.append(dialect) }
  }
}
