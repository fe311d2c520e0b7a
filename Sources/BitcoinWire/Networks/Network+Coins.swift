// Coins made from Bitcoin's code, as their own `chainparams.cpp` and `version.h` have them. Regression test
// networks are missing: most share Bitcoin's magic.

extension Network {
  /// Litecoin, of Litecoin Core 0.21.5.5 (d8c8adc).
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

  /// Litecoin's test network, of the same.
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

  /// Dogecoin, of Dogecoin Core 1.14.7 (a6d1220).
  public static let dogecoin = Network(
    name: "dogecoin",
    magic: 0xc0c0_c0c0,
    defaultPort: 22556,
    dnsSeeds: ["seed.multidoge.org", "seed2.multidoge.org"],
    protocolVersion: 70015,
    genesisHash: "1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691",
    dialect: .dogecoin
  )

  /// Dogecoin's test network, of the same.
  public static let dogecoinTestnet = Network(
    name: "dogecoin-testnet",
    magic: 0xdcb7_c1fc,
    defaultPort: 44556,
    dnsSeeds: ["testseed.jrn.me.uk"],
    protocolVersion: 70015,
    genesisHash: "bb0a78264637406b6360aad926284d544d7049f45189db5664f3c4d07350559e",
    dialect: .dogecoin
  )

  /// Bitcoin Cash, of Bitcoin Cash Node 28.0.1 (631badb). It shares Bitcoin's first block and port.
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

  /// Bitcoin Cash's third test network, of the same.
  public static let bitcoinCashTestnet3 = Network(
    name: "bitcoincash-testnet3",
    magic: 0xf4f3_e5f4,
    defaultPort: 18333,
    dnsSeeds: ["testnet-seed.bchd.cash", "seed.tbch.loping.net", "testnet-seed.bitcoinunlimited.info"],
    protocolVersion: 70016,
    genesisHash: testnet3.genesisHash,
    dialect: .bitcoinCash
  )

  /// Bitcoin Cash's network for trying new rules, of the same; testnet4 has its magic too and port 28333.
  public static let bitcoinCashChipnet = Network(
    name: "bitcoincash-chipnet",
    magic: 0xafda_b7e2,
    defaultPort: 48333,
    dnsSeeds: ["chipnet.bitjson.com"],
    protocolVersion: 70016,
    genesisHash: "000000001dd410c49a788668ce26751718cc797474d3152a5fc073dd44fd9f7b",
    dialect: .bitcoinCash
  )

  /// Namecoin, of Namecoin Core 31.1 (462d541).
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

  /// Namecoin's test network, of the same.
  public static let namecoinTestnet = Network(
    name: "namecoin-testnet",
    magic: 0xfeb5_bffa,
    defaultPort: 18334,
    dnsSeeds: ["dnsseed.test.namecoin.webbtc.com"],
    protocolVersion: 110_016,
    genesisHash: "00000007199508e34a9ff81e6ec0c477a4cccff2a4767a8eee39c11db367b008",
    dialect: .namecoin
  )

  /// Dash, of Dash Core's development of 20.1 (f72fd9c). Its nodes refuse peers below 70215.
  public static let dash = Network(
    name: "dash",
    magic: 0xbd6b_0cbf,
    defaultPort: 9999,
    dnsSeeds: ["dnsseed.dash.org"],
    protocolVersion: 70230,
    genesisHash: "00000ffd590b1485b3caadc19b22e6379c733355108f107a430458cdf3407ab6",
    dialect: .dash
  )

  /// Dash's test network, of the same.
  public static let dashTestnet = Network(
    name: "dash-testnet",
    magic: 0xffca_e2ce,
    defaultPort: 19999,
    dnsSeeds: ["testnet-seed.dashdot.io"],
    protocolVersion: 70230,
    genesisHash: "00000bafbc94add76cb75e2ec92894837288a481e5c005f6563d91623bf8bc2c",
    dialect: .dash
  )
}
