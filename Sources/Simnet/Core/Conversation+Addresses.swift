import BitcoinWire

extension Conversation {
  /// The most addresses that a message may have to be told on.
  static let maximumRelayed = 10

  /// How many addresses of the peer a node looks at per second (`MAX_ADDR_RATE_PER_SECOND`).
  static let addressRate = 0.1

  /// How many at once, at most (`MAX_ADDR_PROCESSING_TOKEN_BUCKET`).
  static let addressBurst = 1000.0

  /// The most addresses that wait for the peer, and that it is remembered to know.
  static let maximumAddresses = 1000

  /// The message that tells of nodes in the form agreed upon; nil where nothing is left that it can express: the old
  /// form knows only IPv4 and IPv6.
  func tell(_ nodes: [KnownNode]) -> Message? {
    let nodes = usesAddrV2 ? nodes : nodes.filter(\.endpoint.address.hasLegacyForm)
    guard !nodes.isEmpty else { return nil }
    return usesAddrV2 ? .addrv2(AddrV2Message(nodes: nodes)) : .addr(AddrMessage(nodes: nodes))
  }

  /// Begins to tell the peer of addresses, first of the node's own; does nothing the second time.
  ///
  /// Who connected to the node is told none before it has shown that it knows what to do with them
  /// (`SetupAddressRelay`).
  mutating func relayAddresses(at now: UInt64) -> [Action] {
    guard !relaysAddresses else { return [] }
    relaysAddresses = true
    return announceSelf(at: now)
  }

  /// Tells the peer where the node is, in a message of its own.
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

  /// Takes in addresses of the peer, and has those told on that came in a small message and are fresh.
  mutating func hear(_ nodes: [KnownNode], at now: UInt64) -> [Action] {
    var actions = relayAddresses(at: now)
    // The answer to `getaddr`, which only who was connected to is asked, is not told on.
    let isAnswer = awaitsAddresses
    if nodes.count < AddressBook.maximumSample { awaitsAddresses = false }
    let seconds = Double(now - addressTokens.time) / Double(Self.second)
    // What an answer brought in excess stays until it is used up.
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

  /// Has an address wait for the next time that the peer is sent some; returns whether it does: not where the peer
  /// told it, or wants none.
  mutating func queue(_ known: KnownNode) -> Bool {
    guard phase == .established, relaysAddresses, addressesToTell.count < Self.maximumAddresses,
      usesAddrV2 || known.endpoint.address.hasLegacyForm
    else { return false }
    if knownAddresses.count >= Self.maximumAddresses { knownAddresses = [] }
    guard knownAddresses.insert(known.endpoint).inserted else { return false }
    addressesToTell.append(known)
    return true
  }

  /// Takes out what waits; nil where nothing does.
  mutating func takeAddresses() -> Message? {
    defer { addressesToTell = [] }
    return tell(addressesToTell)
  }
}
