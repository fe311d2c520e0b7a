/// What is made of fields that are named as its `write(to:)` names them.
protocol FieldMade {
  /// Takes the fields.
  init(fields: inout FieldReader) throws(FieldError)
}

extension EmptyPayload: FieldMade {
  /// Takes no fields.
  init(fields: inout FieldReader) throws(FieldError) {}
}

extension VersionMessage: FieldMade {
  /// Takes the fields. What is left out says what says nothing: version 70016, no services, zeros; null ends the
  /// message before it.
  init(fields: inout FieldReader) throws(FieldError) {
    let hasNonce = !fields.isNull("nonce")
    let hasAgent = !fields.isNull("user_agent")
    let hasHeight = !fields.isNull("start_height")
    let hasRelay = !fields.isNull("relay")
    self.init(
      version: try fields.integer("version", default: 70016),
      services: try fields.services() ?? [],
      time: try fields.integer("time", default: 0),
      receiver: try fields.group("receiver", Party.init(fields:)) ?? .unknown,
      sender: try fields.group("sender", Party.init(fields:)) ?? (hasNonce ? .unknown : nil),
      nonce: try fields.fixed("nonce") ?? (hasNonce ? 0 : nil),
      userAgent: try fields.escaped("user_agent") ?? (hasAgent ? [] : nil),
      startHeight: hasHeight ? try fields.integer("start_height", default: 0) : nil,
      relay: try fields.bool("relay") ?? (hasRelay ? true : nil)
    )
    if fields.has("relay_byte") { relayByte = try fields.integer("relay_byte") }
  }
}

extension VersionMessage.Party: FieldMade {
  init(fields: inout FieldReader) throws(FieldError) {
    if let endpoint = try fields.plainEndpoint() {
      self.init(services: [], endpoint: endpoint)
    } else {
      self.init(services: try fields.services() ?? [], endpoint: try fields.endpoint())
    }
  }
}

extension SendCompactMessage: FieldMade {
  /// Takes the fields: `announce` (false), `version` (2).
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      announce: try fields.bool("announce") ?? false,
      version: try fields.integer("version", default: 2)
    )
  }
}

extension FeeFilterMessage: FieldMade {
  /// Takes the field.
  init(fields: inout FieldReader) throws(FieldError) { feeRate = try fields.integer("fee_rate") }
}

extension PingMessage: FieldMade {
  /// Takes the field; without it, it is the old form.
  init(fields: inout FieldReader) throws(FieldError) { nonce = try fields.fixed("nonce") }
}

extension PongMessage: FieldMade {
  /// Takes the field.
  init(fields: inout FieldReader) throws(FieldError) {
    guard let nonce: UInt64 = try fields.fixed("nonce") else { throw fields.error("nonce", "is missing") }
    self.nonce = nonce
  }
}

extension KnownNode: FieldMade {
  init(fields: inout FieldReader) throws(FieldError) {
    if let endpoint = try fields.plainEndpoint() {
      self.init(time: 0, services: [], endpoint: endpoint)
    } else {
      self.init(
        time: try fields.integer("time", default: 0),
        services: try fields.services() ?? [],
        endpoint: try fields.endpoint()
      )
    }
  }
}

extension AddrMessage: FieldMade {
  /// Takes the nodes.
  init(fields: inout FieldReader) throws(FieldError) {
    nodes = try fields.list("nodes", KnownNode.init(fields:))
  }
}

extension AddrV2Message: FieldMade {
  /// Takes the nodes.
  init(fields: inout FieldReader) throws(FieldError) {
    nodes = try fields.list("nodes", KnownNode.init(fields:))
  }
}

extension InventoryMessage: FieldMade {
  /// Takes the items.
  init(fields: inout FieldReader) throws(FieldError) {
    items = try fields.list("items") { (item: inout FieldReader) throws(FieldError) in
      try InventoryItem(fields: &item)
    }
  }
}

extension InventoryItem: FieldMade {
  init(fields: inout FieldReader) throws(FieldError) {
    if let text = try fields.plainText() {
      let parts = text.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let type = fields.dialect.inventoryType(named: String(parts[0])),
        let hash = Hash256(String(parts[1]))
      else {
        throw fields.error(
          FieldReader.value,
          "is not written as type:hash, such as tx:, wtx: or block: and the hash"
        )
      }
      self.init(type, hash)
      return
    }
    let name = try fields.escaped("type").map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard let type = fields.dialect.inventoryType(named: name) else {
      throw fields.error("type", "is no type of inventory")
    }
    self.init(type, try fields.requiredHash("hash"))
  }
}

extension Dialect {
  /// The inventory type of a name, whatever its case, or of a number.
  public func inventoryType(named name: String) -> InventoryType? {
    let name = name.lowercased()
    if let number = UInt32(name.hasPrefix("type ") ? String(name.dropFirst(5)) : name) {
      return InventoryType(rawValue: number)
    }
    let known: [InventoryType] = [
      .tx, .block, .filteredBlock, .compactBlock, .wtx, .witnessTx, .witnessBlock,
    ]
    let own = inventoryNames.keys.map { InventoryType(rawValue: $0) }
    return (own + known).first { self.name(of: $0).lowercased() == name }
  }
}

extension LocatorMessage: FieldMade {
  /// Takes the fields: `version` (70016), `locator` (none), `stop` (zero).
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      version: try fields.integer("version", default: 70016),
      locator: try fields.hashes("locator"),
      stop: try fields.hash("stop") ?? .zero
    )
  }
}

extension BlockHeader: FieldMade {
  /// Takes the fields; the hash follows from them.
  init(fields: inout FieldReader) throws(FieldError) {
    fields.skip("hash")
    guard let bits: UInt32 = try fields.fixed("bits") else { throw fields.error("bits", "is missing") }
    self.init(
      version: try fields.integer("version"),
      previous: try fields.requiredHash("previous"),
      merkleRoot: try fields.requiredHash("merkle_root"),
      time: try fields.integer("time"),
      bits: bits,
      nonce: try fields.integer("nonce")
    )
  }
}

extension HeadersMessage: FieldMade {
  /// Takes the headers, and the counts where they are there.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      headers: try fields.list("headers") { (header: inout FieldReader) throws(FieldError) in
        try BlockHeader(fields: &header)
      },
      transactionCounts: try fields.integers("transaction_counts")
    )
  }
}

extension TransactionInput: FieldMade {
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      previous: OutPoint(txid: try fields.requiredHash("txid"), index: try fields.integer("index")),
      script: try fields.bytes("script", default: []),
      sequence: try fields.integer("sequence", default: .max),
      witness: try fields.list("witness") { (item: inout FieldReader) throws(FieldError) in
        try item.bytes(FieldReader.value)
      }
    )
  }
}

extension TransactionOutput: FieldMade {
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(value: try fields.integer("value"), script: try fields.bytes("script", default: []))
  }
}

extension Transaction: FieldMade {
  /// Takes the fields, or all of them as `bytes`; its names follow from them.
  init(fields: inout FieldReader) throws(FieldError) {
    if let transaction: Transaction = try fields.whole() {
      self = transaction
      return
    }
    fields.skip("txid", "wtxid")
    self.init(
      version: try fields.integer("version", default: 2),
      inputs: try fields.list("inputs", TransactionInput.init(fields:)),
      outputs: try fields.list("outputs", TransactionOutput.init(fields:)),
      lockTime: try fields.integer("lock_time", default: 0)
    )
  }
}

extension Block: FieldMade {
  /// Takes the fields, or all of them as `bytes`.
  init(fields: inout FieldReader) throws(FieldError) {
    if let block: Block = try fields.whole() {
      self = block
      return
    }
    self.init(header: try BlockHeader(fields: &fields), transactions: try fields.transactions())
  }
}

extension CompactBlockMessage: FieldMade {
  /// Takes the fields, those of the header among them.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      header: try BlockHeader(fields: &fields),
      nonce: try fields.fixed("short_id_nonce") ?? 0,
      shortIDs: try fields.integers("short_ids"),
      prefilled: try fields.list("prefilled") { (item: inout FieldReader) throws(FieldError) in
        Prefilled(index: try item.integer("index"), transaction: try Transaction(fields: &item))
      }
    )
    try fields.requireIncreasing(prefilled.map(\.index), "prefilled")
  }
}

extension GetBlockTransactionsMessage: FieldMade {
  /// Takes the fields.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(block: try fields.requiredHash("block"), indexes: try fields.integers("indexes"))
    try fields.requireIncreasing(indexes, "indexes")
  }
}

extension BlockTransactionsMessage: FieldMade {
  /// Takes the fields.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(block: try fields.requiredHash("block"), transactions: try fields.transactions())
  }
}

extension RejectMessage: FieldMade {
  /// Takes the fields; the hash may be left out.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      command: try fields.escaped("command") ?? [],
      code: try fields.integer("code"),
      reason: try fields.escaped("reason") ?? [],
      hash: try fields.hash("hash")
    )
  }
}

extension FilterLoadMessage: FieldMade {
  /// Takes the fields: `filter`, `hash_functions` (1), `tweak` (0), `flags` (0).
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filter: try fields.bytes("filter"),
      hashFunctions: try fields.integer("hash_functions", default: 1),
      tweak: try fields.integer("tweak", default: 0),
      flags: try fields.integer("flags", default: 0)
    )
  }
}

extension FilterAddMessage: FieldMade {
  /// Takes the field.
  init(fields: inout FieldReader) throws(FieldError) { element = try fields.bytes("element") }
}

extension MerkleBlockMessage: FieldMade {
  /// Takes the fields, those of the header among them.
  init(fields: inout FieldReader) throws(FieldError) {
    let header = try BlockHeader(fields: &fields)
    let tree = PartialMerkleTree(
      transactionCount: try fields.integer("transaction_count"),
      hashes: try fields.hashes("hashes"),
      flags: try fields.bytes("flags", default: [])
    )
    self.init(header: header, tree: tree)
  }
}

extension CompactFilterRangeMessage: FieldMade {
  /// Takes the fields: `filter_type` (0), `start_height`, `stop`.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      startHeight: try fields.integer("start_height"),
      stop: try fields.requiredHash("stop")
    )
  }
}

extension CompactFilterMessage: FieldMade {
  /// Takes the fields: `filter_type` (0), `block`, `filter`.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      block: try fields.requiredHash("block"),
      filter: try fields.bytes("filter")
    )
  }
}

extension CompactFilterHeadersMessage: FieldMade {
  /// Takes the fields: `filter_type` (0), `stop`, `previous` (zero), `filter_hashes`.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      stop: try fields.requiredHash("stop"),
      previous: try fields.hash("previous") ?? .zero,
      filterHashes: try fields.hashes("filter_hashes")
    )
  }
}

extension GetCompactFilterCheckpointsMessage: FieldMade {
  /// Takes the fields: `filter_type` (0), `stop`.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      stop: try fields.requiredHash("stop")
    )
  }
}

extension CompactFilterCheckpointsMessage: FieldMade {
  /// Takes the fields: `filter_type` (0), `stop`, `filter_headers`.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      stop: try fields.requiredHash("stop"),
      filterHeaders: try fields.hashes("filter_headers")
    )
  }
}

extension SendReconciliationMessage: FieldMade {
  /// Takes the fields: `version` (1), `salt` (0).
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(version: try fields.integer("version", default: 1), salt: try fields.fixed("salt") ?? 0)
  }
}

extension FeatureMessage: FieldMade {
  /// Takes the fields: `name`, `data` (none).
  init(fields: inout FieldReader) throws(FieldError) {
    guard let name = try fields.escaped("name") else { throw fields.error("name", "is missing") }
    self.init(name: name, data: try fields.bytes("data", default: []))
  }
}

extension AlertMessage: FieldMade {
  /// Takes the fields; what the content says follows from it.
  init(fields: inout FieldReader) throws(FieldError) {
    fields.skip("alert")
    self.init(content: try fields.bytes("content"), signature: try fields.bytes("signature", default: []))
  }
}
