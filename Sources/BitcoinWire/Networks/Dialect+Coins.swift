// Each was compared with the source of the release that `Network+Coins.swift` names: the serialisation of
// headers, blocks, transactions, compact and filtered blocks, addresses, inventory and `version`.

extension Dialect {
  /// All dialects.
  public static let all = [bitcoin, litecoin, dogecoin, bitcoinCash, namecoin, dash]

  /// Bitcoin's own.
  public static let bitcoin = Dialect(name: "bitcoin")

  /// Litecoin's: headers are Bitcoin's, but transactions may carry a part of an extension block (MWEB, flag 8),
  /// and a block's last one does so, followed by that block. Whoever asks for it without MWEB gets Bitcoin's
  /// layout; from the bytes alone that cannot be told, so blocks and their parts stay bytes.
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

  /// Dogecoin's: a merge-mined header is followed by the proof that another chain's block commits to it, so
  /// all that begins with headers diverges. `blocktxn` has none; transactions are Bitcoin's.
  public static let dogecoin = Dialect(name: "dogecoin", opaqueCommands: mergeMined)

  /// Bitcoin Cash's: no witnesses and so no marker; tokens are inside the output's script; the order of a
  /// block's transactions is no matter of layout. `extversion` and `dsproof-beta` are commands of its own.
  public static let bitcoinCash = Dialect(
    name: "bitcoincash",
    transactions: .withoutMarker,
    inventoryNames: [0x94a0: "double_spend_proof"],
    serviceNames: [5: "BITCOIN_CASH", 6: "GRAPHENE", 8: "CF", 11: "EXTVERSION"]
  )

  /// Namecoin's: merge-mined headers as Dogecoin's; names are inside the output's script.
  public static let namecoin = Dialect(name: "namecoin", opaqueCommands: mergeMined)

  /// Dash's: transactions may be special (DIP2), every block's first one is. Headers have Bitcoin's layout, but
  /// a block's name is their X11 hash, which a decoded header would not tell. `version` has fields after the
  /// last, which decoding leaves over.
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

  private static let mergeMined: Set<Command> = [.headers, .block, .merkleblock, .cmpctblock]
}
