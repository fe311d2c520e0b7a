import BitcoinWire

extension Conversation {
  /// Most block hashes in an answer to `getblocks`.
  static let blocksPerAnswer = 500

  mutating func answer(_ message: Message, _ ledger: Ledger, at now: UInt64) -> [Action] {
    switch message {
    case .ping(let ping):
      return ping.nonce.map { [.send(.pong(PongMessage(nonce: $0)))] } ?? []
    case .pong(let pong):
      if pong.nonce == ping?.nonce { settlePing() }
      return []
    case .getaddr: return answerGetaddr(at: now)
    case .addr(let told): return hear(told.nodes, at: now)
    case .addrv2(let told): return hear(told.nodes, at: now)
    case .sendheaders:
      prefersHeaders = true
      return []
    case .sendcmpct(let offer):
      // As in Bitcoin Core, only version 2, with witnesses, is supported.
      if offer.version == 2, node.profile.services.contains(.witness) { prefersCompact = offer.announce }
      return []
    case .feefilter(let filter):
      if filter.feeRate >= 0 { feeFilter = filter.feeRate }
      return []
    case .getblocktxn(let request): return answer(request, ledger)
    case .getheaders(let request): return [.send(answerGetheaders(request, ledger))]
    case .getblocks(let request): return answerGetblocks(request, ledger)
    case .getdata(let request):
      guard wanted.count - servedCount + request.items.count <= Self.maximumWanted else {
        return [.close("more than \(Self.maximumWanted) inventory items requested")]
      }
      wanted += request.items
      return []
    case .inv(let announcement): return follow(announcement, ledger)
    case .tx(let transaction): return receive(transaction, ledger)
    case .notfound(let answer):
      for item in answer.items { asked.remove(item.hash) }
      return []
    case .mempool:
      return node.profile.services.contains(.bloom) ? [] : [.close("mempool without bloom filters")]
    default: return []
    }
  }

  /// Handles `inv`. Requests each announced transaction that the node lacks, once until it arrives or
  /// `notfound` does. As in Bitcoin Core, requests the headers up to an announced block that the node lacks.
  private mutating func follow(_ announcement: InventoryMessage, _ ledger: Ledger) -> [Action] {
    var wanted: [InventoryItem] = []
    var block: Hash256?
    for item in announcement.items {
      switch item.type {
      case .block, .witnessBlock:
        if ledger.height(of: item.hash, at: node.index) == nil { block = item.hash }
      case .tx, .wtx:
        remember(item.hash)
        let held =
          item.type == .wtx
          ? ledger.transaction(wtxid: item.hash, at: node.index)
          : ledger.transaction(txid: item.hash, at: node.index)
        guard held == nil, !ledger.isKnown(item.hash, at: node.index), asked.count < Self.maximumAsked,
          asked.insert(item.hash).inserted
        else { continue }
        wanted.append(InventoryItem(item.type == .wtx ? .wtx : .witnessTx, item.hash))
      default: break
      }
    }
    var actions: [Action] = []
    if !wanted.isEmpty { actions.append(.send(.getdata(InventoryMessage(items: wanted)))) }
    if let block {
      let locator = Self.locator(ledger, tip: ledger.tip(of: node.index))
      let request = LocatorMessage(version: node.profile.version, locator: locator, stop: block)
      actions.append(.send(.getheaders(request)))
    }
    return actions
  }

  private mutating func receive(_ transaction: Transaction, _ ledger: Ledger) -> [Action] {
    let (txid, wtxid) = (transaction.txid, transaction.wtxid)
    for hash in [txid, wtxid] {
      asked.remove(hash)
      remember(hash)
    }
    guard ledger.transaction(txid: txid, at: node.index) == nil else { return [] }
    var actions: [Action] = [.take(transaction)]
    // Request missing parents from the sender by txid: their wtxids are unknown.
    if case .orphaned(let parents) = ledger.verdict(on: transaction, txid: txid, at: node.index) {
      let wanted = parents.filter {
        !ledger.isKnown($0, at: node.index) && asked.count < Self.maximumAsked && asked.insert($0).inserted
      }
      let items = wanted.map { InventoryItem(.witnessTx, $0) }
      if !items.isEmpty { actions.append(.send(.getdata(InventoryMessage(items: items)))) }
    }
    return actions
  }

  private mutating func remember(_ hash: Hash256) {
    if knownToPeer.count >= Self.maximumAsked { knownToPeer = [] }
    knownToPeer.insert(hash)
  }

  private mutating func settlePing() {
    guard let sent = ping?.sent else { return }
    ping = nil
    pingDue = sent + Self.pingInterval
  }

  /// Answers once per connection, and only a peer that opened it (`m_getaddr_recvd`), so that nobody can
  /// drain the address book.
  private mutating func answerGetaddr(at now: UInt64) -> [Action] {
    guard direction == .inbound, !hasAnsweredGetaddr else { return [] }
    hasAnsweredGetaddr = true
    let answer = tell(node.addressBook.sample(at: now, to: peer.address.network))
    return relayAddresses(at: now) + (answer.map { [.send($0)] } ?? [])
  }

  private mutating func answerGetheaders(_ request: LocatorMessage, _ ledger: Ledger) -> Message {
    let tip = ledger.tip(of: node.index)
    if request.locator.isEmpty {
      let height = ledger.height(of: request.stop, at: node.index)
      return .headers(HeadersMessage(headers: height.map { [ledger.headers[$0]] } ?? []))
    }
    let range = following(request, ledger, maximum: HeadersMessage.maximumCount)
    sentHeight = max(sentHeight, range.isEmpty ? tip : range.upperBound - 1)
    return .headers(HeadersMessage(headers: Array(ledger.headers[range])))
  }

  private func answerGetblocks(_ request: LocatorMessage, _ ledger: Ledger) -> [Action] {
    let range = following(request, ledger, maximum: Self.blocksPerAnswer)
    let items = range.map { InventoryItem(.block, ledger.hashes[$0]) }
    return items.isEmpty ? [] : [.send(.inv(InventoryMessage(items: items)))]
  }

  /// Heights of the node's blocks after the first common one, up to the requested last one.
  private func following(_ request: LocatorMessage, _ ledger: Ledger, maximum: Int) -> Range<Int> {
    let tip = ledger.tip(of: node.index)
    let common = request.locator.lazy.compactMap { ledger.height(of: $0, at: node.index) }.first ?? 0
    var last = min(tip, common + maximum)
    if let stop = ledger.height(of: request.stop, at: node.index), stop > common { last = min(last, stop) }
    return common + 1..<max(common, last) + 1
  }
}

extension Conversation {
  /// Whether the peer is owed answers to `getdata`.
  public var isServing: Bool { servedCount < wanted.count || !missing.isEmpty }

  /// The next requested item; after the last item, one `notfound` for all the missing ones; nil if nothing is
  /// owed.
  public mutating func serve(_ ledger: Ledger) -> Message? {
    while servedCount < wanted.count {
      let item = wanted[servedCount]
      servedCount += 1
      if let message = content(of: item, ledger) { return message }
      missing.append(item)
    }
    wanted = []
    servedCount = 0
    guard !missing.isEmpty else { return nil }
    defer { missing = [] }
    return .notfound(InventoryMessage(items: missing))
  }

  private mutating func content(of item: InventoryItem, _ ledger: Ledger) -> Message? {
    switch item.type {
    case .wtx: ledger.transaction(wtxid: item.hash, at: node.index).map { .tx($0) }
    case .witnessTx: ledger.transaction(txid: item.hash, at: node.index).map { .tx($0) }
    case .tx: ledger.transaction(txid: item.hash, at: node.index).map { .tx($0.withoutWitness) }
    case .block: block(item.hash, ledger).map { .block($0.withoutWitness) }
    case .compactBlock: compactBlock(item.hash, ledger)
    case .witnessBlock: block(item.hash, ledger).map { .block($0) }
    default: nil
    }
  }

  private func block(_ hash: Hash256, _ ledger: Ledger) -> Block? {
    ledger.height(of: hash, at: node.index).flatMap { ledger.block(at: $0) }
  }
}

extension Transaction {
  /// The transaction as sent to a peer that did not ask for witnesses.
  var withoutWitness: Transaction {
    var copy = self
    for index in copy.inputs.indices { copy.inputs[index].witness = [] }
    return copy
  }
}

extension Block {
  /// The block as sent to a peer that did not ask for witnesses.
  var withoutWitness: Block { Block(header: header, transactions: transactions.map(\.withoutWitness)) }
}
