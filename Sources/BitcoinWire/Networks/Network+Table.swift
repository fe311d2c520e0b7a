import Bytes

extension Network {
  /// All networks known by name.
  public static let all = [
    mainnet, testnet3, testnet4, signet, regtest, simnet, litecoin, litecoinTestnet, dogecoin,
    dogecoinTestnet, bitcoinCash, bitcoinCashTestnet3, bitcoinCashChipnet, namecoin, namecoinTestnet, dash,
    dashTestnet,
  ]

  // Bitcoin's, as in Bitcoin Core 31.

  /// The main network.
  public static let mainnet = Network(
    name: "mainnet",
    magic: 0xd9b4_bef9,
    defaultPort: 8333,
    dnsSeeds: [
      "seed.bitcoin.sipa.be",
      "dnsseed.bluematt.me",
      "seed.bitcoin.jonasschnelli.ch",
      "seed.btc.petertodd.net",
      "seed.bitcoin.sprovoost.nl",
      "dnsseed.emzy.de",
      "seed.bitcoin.wiz.biz",
      "seed.mainnet.achownodes.xyz",
    ],
    genesisHash: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
  )

  /// The third test network.
  public static let testnet3 = Network(
    name: "testnet3",
    magic: 0x0709_110b,
    defaultPort: 18333,
    dnsSeeds: [
      "testnet-seed.bitcoin.jonasschnelli.ch",
      "seed.tbtc.petertodd.net",
      "seed.testnet.bitcoin.sprovoost.nl",
      "testnet-seed.bluematt.me",
      "seed.testnet.achownodes.xyz",
    ],
    genesisHash: "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"
  )

  /// The fourth test network (BIP94).
  public static let testnet4 = Network(
    name: "testnet4",
    magic: 0x283f_161c,
    defaultPort: 48333,
    dnsSeeds: ["seed.testnet4.bitcoin.sprovoost.nl", "seed.testnet4.wiz.biz"],
    genesisHash: "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"
  )

  /// The default signet (BIP325), whose magic follows from `signetChallenge`.
  public static let signet = Network(
    name: "signet",
    magic: 0x40cf_030a,
    defaultPort: 38333,
    dnsSeeds: ["seed.signet.bitcoin.sprovoost.nl", "seed.signet.achownodes.xyz"],
    genesisHash: "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"
  )

  /// The challenge of the default signet: one of two keys must sign each block.
  public static let signetChallenge: [UInt8] = Hexadecimal.bytes(
    "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430"
      + "210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae"
  )!

  /// A signet of one's own (BIP325): its magic is the first four bytes of the double SHA-256 of the
  /// challenge, which is the script that each block's signature satisfies, with its CompactSize length.
  ///
  /// All signets have the same first block.
  public static func signet(
    challenge: [UInt8],
    name: String = "signet",
    defaultPort: UInt16 = signet.defaultPort,
    dnsSeeds: [String] = [],
    protocolVersion: Int32 = 70016
  ) -> Network {
    var script: [UInt8] = []
    script.appendCounted(challenge)
    return Network(
      name: name,
      magic: Hash256.checksum(script.span.bytes),
      defaultPort: defaultPort,
      dnsSeeds: dnsSeeds,
      protocolVersion: protocolVersion,
      genesisHash: signet.genesisHash
    )
  }

  /// The regression test network of nodes on one machine.
  public static let regtest = Network(
    name: "regtest",
    magic: 0xdab5_bffa,
    defaultPort: 18444,
    genesisHash: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
    reach: .machine
  )

  /// Netmine's own simulated network, on loopback: nothing it says can be taken for another's, and
  /// it starts from regtest's first block.
  public static let simnet = Network(
    name: "simnet",
    magic: 0xd34d_4ee6,
    defaultPort: 28555,
    genesisHash: regtest.genesisHash,
    reach: .simulation
  )
}

extension Hash256: ExpressibleByStringLiteral {
  /// A hash known when the program is written; a precondition failure where the text is not one.
  public init(stringLiteral text: StaticString) {
    guard let hash = Hash256(text.description) else { preconditionFailure("not a hash: \(text)") }
    self = hash
  }
}
