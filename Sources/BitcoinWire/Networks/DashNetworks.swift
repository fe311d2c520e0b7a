// Parameters from Dash's `chainparams.cpp` and `version.h`. The dialect was compared with the serialisation
// of headers, blocks, transactions, compact and filtered blocks, addresses, inventory and `version` in its
// source. The regression test network is left out: most coins use Bitcoin's magic.

extension Dialect {
  /// Dash's dialect. Transactions may be special (DIP2); the first one of every block is. Headers have
  /// Bitcoin's layout, but the hash of a block is the X11 hash of its header, which a decoded header could
  /// not give. `version` has extra fields at its end, which stay as trailing bytes.
  public static let dash = Dialect(
    name: "dash",
    opaqueCommands: [.headers, .block, .merkleblock, .cmpctblock, .blocktxn],
    transactions: .ordinaryType,
    inventoryNames: [
      4: "txlock_request", 5: "txlock_vote", 6: "spork", 16: "dstx", 17: "governance_object",
      18: "governance_object_vote", 20: "compact_block", 21: "quorum_final_commitment",
      23: "quorum_contribution", 24: "quorum_complaint", 25: "quorum_justification",
      26: "quorum_premature_commitment", 28: "quorum_recovered_signature", 29: "chainlock_signature",
      30: "instant_lock", 31: "deterministic_instant_lock",
    ],
    serviceNames: [11: "HEADERS_COMPRESSED"]
  )
}

extension Network {
  /// Dash, from Dash Core's development branch of 20.1 (f72fd9c). Its nodes refuse peers below version 70215.
  public static let dash = Network(
    name: "dash",
    magic: 0xbd6b_0cbf,
    defaultPort: 9999,
    dnsSeeds: ["dnsseed.dash.org"],
    protocolVersion: 70230,
    genesisHash: "00000ffd590b1485b3caadc19b22e6379c733355108f107a430458cdf3407ab6",
    dialect: .dash
  )

  /// Dash's test network, from the same source.
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
