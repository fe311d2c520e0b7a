// Parameters from Bitcoin Cash Node's `chainparams.cpp` and `version.h`. The dialect was compared with the
// serialisation of headers, blocks, transactions, compact and filtered blocks, addresses, inventory and
// `version` in its source. The regression test network is left out: most coins use Bitcoin's magic.

extension Dialect {
  /// Bitcoin Cash's dialect. There are no witnesses, so no marker. Tokens are inside the output's script. The
  /// order of a block's transactions does not change the layout. `extversion` and `dsproof-beta` are commands
  /// that only Bitcoin Cash has.
  public static let bitcoinCash = Dialect(
    name: "bitcoincash",
    transactions: .withoutMarker,
    inventoryNames: [0x94a0: "double_spend_proof"],
    serviceNames: [5: "BITCOIN_CASH", 6: "GRAPHENE", 8: "CF", 11: "EXTVERSION"]
  )
}

extension Network {
  /// Bitcoin Cash, from Bitcoin Cash Node 28.0.1 (631badb). It shares Bitcoin's genesis block and port.
  public static let bitcoinCash = Network(
    name: "bitcoincash",
    magic: 0xe8f3_e1e3,
    defaultPort: 8333,
    dnsSeeds: [
      "seed.flowee.cash", "seed-bch.bitcoinforks.org", "btccash-seeder.bitcoinunlimited.info",
      "seed.bchd.cash", "seed.bch.loping.net", "dnsseed.electroncash.de", "bchseed.c3-soft.com",
      "bch.bitjson.com",
    ],
    protocolVersion: 70016,
    genesisHash: mainnet.genesisHash,
    dialect: .bitcoinCash
  )

  /// Bitcoin Cash's third test network, from the same source.
  public static let bitcoinCashTestnet3 = Network(
    name: "bitcoincash-testnet3",
    magic: 0xf4f3_e5f4,
    defaultPort: 18333,
    dnsSeeds: ["testnet-seed.bchd.cash", "seed.tbch.loping.net", "testnet-seed.bitcoinunlimited.info"],
    protocolVersion: 70016,
    genesisHash: testnet3.genesisHash,
    dialect: .bitcoinCash
  )

  /// Bitcoin Cash's network for trying new rules, from the same source. testnet4 shares its magic, with port
  /// 28333.
  public static let bitcoinCashChipnet = Network(
    name: "bitcoincash-chipnet",
    magic: 0xafda_b7e2,
    defaultPort: 48333,
    dnsSeeds: ["chipnet.bitjson.com"],
    protocolVersion: 70016,
    genesisHash: "000000001dd410c49a788668ce26751718cc797474d3152a5fc073dd44fd9f7b",
    dialect: .bitcoinCash
  )
}
