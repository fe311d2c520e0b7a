extension Network {
  /// All networks known by name. A new one needs a file of its own and a line here.
  public static let all: [Network] = [
    mainnet, testnet3, testnet4, signet, regtest, simnet, litecoin, litecoinTestnet, dogecoin,
    dogecoinTestnet, bitcoinCash, bitcoinCashTestnet3, bitcoinCashChipnet, namecoin, namecoinTestnet, dash,
    dashTestnet,
  ]
}

extension Dialect {
  /// The dialects of all networks, without duplicates.
  public static let all = Network.all.map(\.dialect).reduce(into: [Dialect]()) { known, dialect in
    if !known.contains(dialect) { known.append(dialect) }
  }
}
