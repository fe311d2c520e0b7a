// Parameters from Namecoin's `chainparams.cpp` and `version.h`. The dialect was compared with the
// serialisation of headers, blocks, transactions, compact and filtered blocks, addresses, inventory and
// `version` in its source. The regression test network is left out: most coins use Bitcoin's magic.

extension Dialect {
  /// Namecoin's dialect. Headers are merge-mined, as in Dogecoin. Names are inside the output's script.
  public static let namecoin = Dialect(name: "namecoin", opaqueCommands: mergeMined)
}

extension Network {
  /// Namecoin, from Namecoin Core 31.1 (462d541).
  public static let namecoin = Network(
    name: "namecoin",
    magic: 0xfeb4_bef9,
    defaultPort: 8334,
    dnsSeeds: [
      "nmc.seed.quisquis.de", "seed.nmc.markasoftware.com", "dnsseed1.nmc.dotbit.zone",
      "dnsseed2.nmc.dotbit.zone", "dnsseed.nmc.testls.space", "namecoin.seed.cypherstack.com",
    ],
    protocolVersion: 110_016,
    genesisHash: "000000000062b72c5e2ceb45fbc8587e807c155b0da735e6483dfba2f0a9c770",
    dialect: .namecoin
  )

  /// Namecoin's test network, from the same source.
  public static let namecoinTestnet = Network(
    name: "namecoin-testnet",
    magic: 0xfeb5_bffa,
    defaultPort: 18334,
    dnsSeeds: ["dnsseed.test.namecoin.webbtc.com"],
    protocolVersion: 110_016,
    genesisHash: "00000007199508e34a9ff81e6ec0c477a4cccff2a4767a8eee39c11db367b008",
    dialect: .namecoin
  )
}
