import BitcoinWire

/// Messages with random content.
extension SplitMix {
  /// One message of every kind, with random content; a sample of each kind that has no generator here.
  mutating func messages() -> [Message] {
    let generated =
      handshakeMessages() + relayMessages() + compactBlockMessages() + bloomFilterMessages()
      + compactFilterMessages()
    let commands = Set(generated.map(\.command))
    return generated
      + MessageKind.all.filter { !commands.contains($0.command) }.map {
        $0.samples.randomElement(using: &self)!
      }
  }

  private mutating func handshakeMessages() -> [Message] {
    let version = VersionMessage(
      version: Int32.random(in: 70001...80000, using: &self),
      services: ServiceFlags(rawValue: next()),
      time: Int64(bitPattern: next()),
      receiver: .init(services: ServiceFlags(rawValue: next()), endpoint: endpoint()),
      sender: .init(services: ServiceFlags(rawValue: next()), endpoint: endpoint()),
      nonce: next(),
      userAgent: bytes(upTo: 256),
      startHeight: Int32(bitPattern: number()),
      relay: Bool.random(using: &self)
    )
    return [
      .version(version), .verack, .wtxidrelay, .sendaddrv2, .sendheaders, .getaddr, .mempool,
      .sendcmpct(SendCompactMessage(announce: Bool.random(using: &self), version: next())),
      .sendtxrcncl(SendReconciliationMessage(version: number(), salt: next())),
      .feature(FeatureMessage(name: bytes(upTo: 76) + bytes(4), data: bytes(upTo: 512))),
      .feefilter(FeeFilterMessage(feeRate: Int64(bitPattern: next()))),
      .ping(PingMessage(nonce: next())), .pong(PongMessage(nonce: next())),
      .reject(RejectMessage(command: bytes(upTo: 12), code: number(), reason: bytes(upTo: 111))),
      .alert(AlertMessage(content: bytes(upTo: 300), signature: bytes(upTo: 72))),
    ]
  }

  private mutating func relayMessages() -> [Message] {
    let nodes = some(30) {
      KnownNode(time: $0.number(), services: ServiceFlags(rawValue: $0.next()), endpoint: $0.endpoint())
    }
    let otherNodes = some(30) {
      KnownNode(
        time: $0.number(),
        services: ServiceFlags(rawValue: $0.next() >> $0.next() % 64),
        endpoint: Endpoint(Samples.unusualAddresses.randomElement(using: &$0)!, port: $0.number())
      )
    }
    // python-bitcoinlib reads the type as a signed number.
    let items = some(300) {
      InventoryItem(InventoryType(rawValue: $0.number(UInt32.self) >> 1), $0.hash())
    }
    let locator = LocatorMessage(
      version: Int32(bitPattern: number()),
      locator: some(101) { $0.hash() },
      stop: hash()
    )
    return [
      .addr(AddrMessage(nodes: nodes)), .addrv2(AddrV2Message(nodes: nodes + otherNodes)),
      .inv(InventoryMessage(items: items)), .getdata(InventoryMessage(items: items)),
      .notfound(InventoryMessage(items: items)), .getheaders(locator), .getblocks(locator),
      .headers(HeadersMessage(headers: some(30) { $0.header() })), .tx(transaction()),
      .block(Block(header: header(), transactions: some(9) { $0.transaction() })),
    ]
  }

  private mutating func compactBlockMessages() -> [Message] {
    let shortIDs = some(300) { $0.next() >> 16 }
    var places = (0..<9).filter { _ in Bool.random(using: &self) }
    // There must be enough short ids to fill all positions between the prefilled transactions.
    while let last = places.last, last >= shortIDs.count + places.count { places.removeLast() }
    return [
      .cmpctblock(
        CompactBlockMessage(
          header: header(),
          nonce: next(),
          shortIDs: shortIDs,
          prefilled: places.map { .init(index: UInt16($0), transaction: transaction()) }
        )
      ),
      .getblocktxn(
        GetBlockTransactionsMessage(block: hash(), indexes: Set(some(300) { $0.number() }).sorted())
      ),
      .blocktxn(BlockTransactionsMessage(block: hash(), transactions: some(9) { $0.transaction() })),
    ]
  }

  private mutating func bloomFilterMessages() -> [Message] {
    let load = FilterLoadMessage(
      filter: bytes(upTo: 400),
      hashFunctions: UInt32.random(in: 0...50, using: &self),
      tweak: number(),
      flags: number()
    )
    let txids = (0...Int.random(in: 0...300, using: &self)).map { _ in hash() }
    let matches = txids.map { _ in Int.random(in: 0...9, using: &self) == 0 }
    var header = header()
    header.merkleRoot = Hash256(merkleRootOf: txids)
    let tree = PartialMerkleTree(txids: txids) { matches[$0] }
    return [
      .filterload(load), .filteradd(FilterAddMessage(element: bytes(upTo: 520))), .filterclear,
      .merkleblock(MerkleBlockMessage(header: header, tree: tree)),
    ]
  }

  private mutating func compactFilterMessages() -> [Message] {
    let range = CompactFilterRangeMessage(filterType: number(), startHeight: number(), stop: hash())
    let headers = CompactFilterHeadersMessage(
      filterType: number(),
      stop: hash(),
      previous: hash(),
      filterHashes: some(300) { $0.hash() }
    )
    let checkpoints = CompactFilterCheckpointsMessage(
      filterType: number(),
      stop: hash(),
      filterHeaders: some(300) { $0.hash() }
    )
    return [
      .getcfilters(range), .getcfheaders(range), .cfheaders(headers), .cfcheckpt(checkpoints),
      .cfilter(CompactFilterMessage(filterType: number(), block: hash(), filter: bytes(upTo: 900))),
      .getcfcheckpt(GetCompactFilterCheckpointsMessage(filterType: number(), stop: hash())),
    ]
  }
}
