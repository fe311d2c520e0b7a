import BitcoinWire

extension Conversation {
  /// Most addresses in a message whose addresses are relayed.
  static let maximumRelayed = 10

  /// Most addresses of the peer that a node handles per second (`MAX_ADDR_RATE_PER_SECOND`).
  static let addressRate = 0.1

  /// Most addresses of the peer that a node handles at once (`MAX_ADDR_PROCESSING_TOKEN_BUCKET`).
  static let addressBurst = 1000.0

  /// Most addresses queued for the peer, and most remembered as known to it.
  static let maximumAddresses = 1000

  /// The message that announces nodes, in the negotiated form; nil if no address is left. `addr` can express
  /// only IPv4 and IPv6.
  func tell(_ nodes: [KnownNode]) -> Message? {
    let nodes = usesAddrV2 ? nodes : nodes.filter(\.endpoint.address.hasLegacyForm)
    guard !nodes.isEmpty else { return nil }
    return usesAddrV2 ? .addrv2(AddrV2Message(nodes: nodes)) : .addr(AddrMessage(nodes: nodes))
  }

  /// Starts to relay addresses to the peer, the node's own first. Does nothing the second time.
  ///
  /// A peer that connected to the node gets no addresses before it has shown that it handles them
  /// (`SetupAddressRelay`).
  mutating func relayAddresses(at now: UInt64) -> [Action] {
    guard !relaysAddresses else { return [] }
    relaysAddresses = true
    return announceSelf(at: now)
  }

  /// Announces the node's own address to the peer, in a message of its own.
  mutating func announceSelf(at now: UInt64) -> [Action] {
    guard let interval = node.addressBook.interval else { return [] }
    selfDue = now + random.wait(mean: interval)
    let known = KnownNode(
      time: UInt32(truncatingIfNeeded: now / Self.second),
      services: node.profile.services,
      endpoint: node.knownAs
    )
    return tell([known]).map { [.send($0)] } ?? []
  }

  /// Handles addresses from the peer. Fresh ones from a small message are relayed.
  mutating func hear(_ nodes: [KnownNode], at now: UInt64) -> [Action] {
    var actions = relayAddresses(at: now)
    // The answer to `getaddr` is not relayed. The node asks only its outbound peers.
    let isAnswer = awaitsAddresses
    if nodes.count < AddressBook.maximumSample { awaitsAddresses = false }
    let seconds = Double(now - addressTokens.time) / Double(Self.second)
    // Tokens granted for the answer beyond the limit stay until they are used.
    let limit = max(Self.addressBurst, addressTokens.count)
    addressTokens = (min(limit, addressTokens.count + seconds * Self.addressRate), now)
    var told: [KnownNode] = []
    for known in nodes {
      guard addressTokens.count >= 1 else { break }
      addressTokens.count -= 1
      if knownAddresses.count >= Self.maximumAddresses { knownAddresses = [] }
      knownAddresses.insert(known.endpoint)
      let seconds = UInt64(known.time)
      let isFresh =
        seconds + SimulatedNetwork.freshness >= now / Self.second && seconds <= now / Self.second + 600
      if isFresh, node.addressBook.accepts(known.endpoint) { told.append(known) }
    }
    if !told.isEmpty, !isAnswer, nodes.count <= Self.maximumRelayed { actions.append(.hear(told)) }
    return actions
  }

  /// Queues an address for the peer's next batch; returns whether it did. It does not if the peer sent that
  /// address or takes none.
  mutating func queue(_ known: KnownNode) -> Bool {
    guard phase == .established, relaysAddresses, addressesToTell.count < Self.maximumAddresses,
      usesAddrV2 || known.endpoint.address.hasLegacyForm
    else { return false }
    if knownAddresses.count >= Self.maximumAddresses { knownAddresses = [] }
    guard knownAddresses.insert(known.endpoint).inserted else { return false }
    addressesToTell.append(known)
    return true
  }

  /// Removes the queued addresses; returns their message, nil if there are none.
  mutating func takeAddresses() -> Message? {
    defer { addressesToTell = [] }
    return tell(addressesToTell)
  }
}
