// Parameters from Litecoin's `chainparams.cpp` and `version.h`. The dialect was compared with the
// serialisation of headers, blocks, transactions, compact and filtered blocks, addresses, inventory and
// `version` in its source. The regression test network is left out: most coins use Bitcoin's magic.

extension Dialect {
  /// Litecoin's dialect. Headers are Bitcoin's, but transactions may carry a part of an extension block
  /// (MWEB, flag 8), and the last transaction of a block does; the extension block follows it. A peer that
  /// requests a block without MWEB gets Bitcoin's layout. The bytes alone do not show which layout they have,
  /// so blocks and their parts stay bytes.
  public static let litecoin = Dialect(
    name: "litecoin",
    opaqueCommands: [.block, .cmpctblock, .blocktxn],
    transactions: .witnessFlagOnly,
    inventoryNames: [
      1 << 30 | 1 << 29 | 1: "mweb_tx", 1 << 30 | 1 << 29 | 2: "mweb_block", 1 << 29 | 8: "mweb_header",
      1 << 29 | 9: "mweb_leafset",
    ],
    serviceNames: [23: "MWEB_LIGHT_CLIENT", 24: "MWEB"]
  )
}

extension Network {
  /// Litecoin, from Litecoin Core 0.21.5.5 (d8c8adc).
  public static let litecoin = Network(
    name: "litecoin",
    magic: 0xdbb6_c0fb,
    defaultPort: 9333,
    dnsSeeds: [
      "seed-a.litecoin.loshan.co.uk", "dnsseed.thrasher.io", "dnsseed.litecointools.com",
      "dnsseed.litecoinpool.org", "dnsseed.koin-project.com",
    ],
    protocolVersion: 70017,
    genesisHash: "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2",
    dialect: .litecoin
  )

  /// Litecoin's test network, from the same source.
  public static let litecoinTestnet = Network(
    name: "litecoin-testnet",
    magic: 0xf1c8_d2fd,
    defaultPort: 19335,
    dnsSeeds: [
      "testnet-seed.litecointools.com", "seed-b.litecoin.loshan.co.uk", "dnsseed-testnet.thrasher.io",
    ],
    protocolVersion: 70017,
    genesisHash: "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0",
    dialect: .litecoin
  )
}
