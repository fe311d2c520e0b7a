import BitcoinWire

extension Conversation {
  /// Handles a message from the peer.
  ///
  /// - Parameters:
  ///   - ledger: all transactions and blocks, and the nodes that have them.
  ///   - now: ns since the Unix epoch.
  public mutating func receive(_ message: Message, _ ledger: Ledger, at now: UInt64) -> [Action] {
    switch phase {
    case .awaitingVersion:
      // As in Bitcoin Core, messages before `version` are ignored.
      guard case .version(let version) = message else { return [] }
      return greet(version, ledger, at: now)
    case .awaitingVerack:
      return negotiate(message, ledger, at: now)
    case .established:
      switch message {
      case .wtxidrelay, .sendaddrv2: return [.close("\(message.command) after verack")]
      default: return answer(message, ledger, at: now)
      }
    }
  }

  mutating func version(_ ledger: Ledger, at now: UInt64) -> Message {
    .version(
      VersionMessage(
        version: node.profile.version,
        services: node.profile.services,
        time: Int64(now / Self.second),
        receiver: VersionMessage.Party(services: peerServices, endpoint: peer),
        sender: VersionMessage.Party(
          services: node.profile.services,
          endpoint: VersionMessage.Party.unknown.endpoint
        ),
        nonce: random.next(),
        userAgent: Array(node.profile.userAgent.utf8),
        startHeight: Int32(clamping: max(0, ledger.tip(of: node.index) - node.heightLag)),
        relay: true
      )
    )
  }

  private mutating func greet(_ theirs: VersionMessage, _ ledger: Ledger, at now: UInt64) -> [Action] {
    guard theirs.version >= Self.minimumVersion else {
      return [.close("version \(theirs.version) is too old")]
    }
    phase = .awaitingVerack
    peerVersion = theirs.version
    peerServices = theirs.services
    relaysTransactions = theirs.relay ?? true
    var actions: [Action] = []
    if direction == .inbound { actions.append(.send(version(ledger, at: now))) }
    if theirs.version >= Self.featureVersion {
      if node.profile.speaksWtxidRelay { actions.append(.send(.wtxidrelay)) }
      if node.profile.speaksAddrV2 { actions.append(.send(.sendaddrv2)) }
    }
    actions.append(.send(.verack))
    if direction == .outbound {
      actions.append(.send(.getaddr))
      awaitsAddresses = true
      addressTokens.count += Self.addressBurst
    }
    return actions
  }

  private mutating func negotiate(_ message: Message, _ ledger: Ledger, at now: UInt64) -> [Action] {
    switch message {
    case .wtxidrelay: usesWtxid = node.profile.speaksWtxidRelay
    case .sendaddrv2: usesAddrV2 = node.profile.speaksAddrV2
    case .verack: return settle(ledger, at: now)
    default: break
    }
    return []
  }

  private mutating func settle(_ ledger: Ledger, at now: UInt64) -> [Action] {
    phase = .established
    var actions: [Action] = []
    if node.profile.services.contains(.witness), peerVersion >= 70014 {
      actions.append(.send(.sendcmpct(SendCompactMessage(announce: false, version: 2))))
    }
    actions.append(sendPing(at: now))
    if !peerServices.isDisjoint(with: [.network, .networkLimited]) {
      let locator = LocatorMessage(
        version: node.profile.version,
        locator: Self.locator(ledger, tip: ledger.tip(of: node.index))
      )
      actions.append(.send(.getheaders(locator)))
    }
    if peerVersion >= 70013 { actions.append(.send(.feefilter(FeeFilterMessage(feeRate: 100)))) }
    if direction == .outbound { actions += relayAddresses(at: now) }
    return actions
  }

  /// Block locator: hashes of the node's chain, latest first, with growing gaps down to the first block.
  static func locator(_ ledger: Ledger, tip: Int) -> [Hash256] {
    var hashes: [Hash256] = []
    var height = tip
    var step = 1
    while height > 0 {
      hashes.append(ledger.hashes[height])
      if hashes.count > 10 { step *= 2 }
      height -= step
    }
    if tip >= 0 { hashes.append(ledger.hashes[0]) }
    return hashes
  }
}
