// Parameters from Dogecoin's `chainparams.cpp` and `version.h`. The dialect was compared with the
// serialisation of headers, blocks, transactions, compact and filtered blocks, addresses, inventory and
// `version` in its source. The regression test network is left out: most coins use Bitcoin's magic.

extension Dialect {
  /// Dogecoin's dialect. After a merge-mined header comes the proof that another chain's block commits to it,
  /// so every message that begins with headers differs. `blocktxn` has no header; transactions are Bitcoin's.
  public static let dogecoin = Dialect(name: "dogecoin", opaqueCommands: mergeMined)
}

extension Network {
  /// Dogecoin, from Dogecoin Core 1.14.7 (a6d1220).
  public static let dogecoin = Network(
    name: "dogecoin",
    magic: 0xc0c0_c0c0,
    defaultPort: 22556,
    dnsSeeds: ["seed.multidoge.org", "seed2.multidoge.org"],
    protocolVersion: 70015,
    genesisHash: "1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691",
    dialect: .dogecoin
  )

  /// Dogecoin's test network, from the same source.
  public static let dogecoinTestnet = Network(
    name: "dogecoin-testnet",
    magic: 0xdcb7_c1fc,
    defaultPort: 44556,
    dnsSeeds: ["testseed.jrn.me.uk"],
    protocolVersion: 70015,
    genesisHash: "bb0a78264637406b6360aad926284d544d7049f45189db5664f3c4d07350559e",
    dialect: .dogecoin
  )
}
