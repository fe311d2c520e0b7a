import BitcoinWire
import Testing

@testable import SimnetCore

/// Address relay by nodes, in the simulation and over sockets.
@Suite struct GossipTests {
  static let known = KnownNode(
    time: UInt32(newYear / second),
    services: .network,
    endpoint: Endpoint("8.9.10.11:8333")!
  )

  static func addresses(_ message: Message?) -> [KnownNode] {
    switch message {
    case .addr(let told): told.nodes
    case .addrv2(let told): told.nodes
    default: []
    }
  }

  static func hear(_ nodes: [KnownNode], by conversation: inout Conversation, at now: UInt64 = newYear)
    -> [KnownNode]
  {
    for case .hear(let told) in conversation.receive(
      .addrv2(AddrV2Message(nodes: nodes)),
      Ledger(nodeCount: 200),
      at: now
    ) { return told }
    return []
  }

  @Test func tellsItsOwnAddressFirst() throws {
    let ledger = Ledger(nodeCount: 200)
    var conversation = Conversation.established(features: [.sendaddrv2])
    let answers = conversation.reply(to: .getaddr, ledger).messages
    try #require(answers.count == 2)
    #expect(Self.addresses(answers[0]).map(\.endpoint) == [conversation.node.knownAs])
    #expect(UInt64(Self.addresses(answers[0])[0].time) == newYear / second)
    #expect(Self.addresses(answers[1]).count == 45)
    // An outbound peer gets the address without asking.
    conversation = Conversation(.outbound)
    _ = conversation.receive(.version(.observer()), ledger, at: newYear)
    let rest = conversation.receive(.verack, ledger, at: newYear)
    #expect(Self.addresses(rest.messages.last).map(\.endpoint) == [conversation.node.knownAs])
  }

  @Test func tellsItsOwnAddressAboutOnceADay() {
    var conversation = Conversation.established()
    _ = conversation.reply(to: .getaddr, Ledger(nodeCount: 200))
    var times: [UInt64] = []
    var now = newYear
    while times.count < 400 {
      now = conversation.selfDue
      if conversation.tick(at: now).commands == [.addr] { times.append(now) }
    }
    #expect((80_000..<93_000).contains((now - newYear) / second / 400))
  }

  @Test func tellsOnOnlyWhatIsFreshAndComesInSmallMessages() {
    var conversation = Conversation.established()
    conversation.addressTokens.count = 1000
    #expect(Self.hear([Self.known], by: &conversation) == [Self.known])
    var old = Self.known
    old.time -= 601
    #expect(Self.hear([old], by: &conversation) == [])
    var unroutable = Self.known
    unroutable.endpoint.address = NetworkAddress("10.0.0.1")!
    #expect(Self.hear([unroutable, Self.known], by: &conversation) == [Self.known])
    #expect(Self.hear(Array(repeating: Self.known, count: 10), by: &conversation).count == 10)
    #expect(Self.hear(Array(repeating: Self.known, count: 11), by: &conversation) == [])
  }

  @Test func looksAtOneAddressInTenSeconds() {
    var conversation = Conversation.established()
    let two = [Self.known, Self.known]
    #expect(Self.hear(two, by: &conversation).count == 1)
    #expect(Self.hear(two, by: &conversation).count == 0)
    #expect(Self.hear(two, by: &conversation, at: newYear + 10 * second).count == 1)
    #expect(Self.hear(two, by: &conversation, at: newYear + 40 * second).count == 2)
  }

  @Test func tellsNobodyWhatHeToldIt() {
    var conversation = Conversation.established(features: [.sendaddrv2])
    #expect(conversation.queue(Self.known) == false, "it wants no addresses yet")
    _ = Self.hear([Self.known], by: &conversation)
    #expect(conversation.queue(Self.known) == false)
    var other = Self.known
    other.endpoint.port = 1
    #expect(conversation.queue(other) == true && conversation.queue(other) == false)
    #expect(Self.addresses(conversation.takeAddresses()) == [other])
    #expect(conversation.takeAddresses() == nil)
  }

  @Test func leavesOutWhatTheOldFormCannotExpress() {
    var conversation = Conversation.established()
    _ = Self.hear([Self.known], by: &conversation)
    var hidden = Self.known
    hidden.endpoint.address = .torV3(.zero)
    #expect(conversation.queue(hidden) == false)
    #expect(conversation.tell([hidden]) == nil)
    conversation.usesAddrV2 = true
    #expect(Self.addresses(conversation.tell([hidden])) == [hidden])
  }

  @Test func getsToMostNodesThroughTwoPeersEach() throws {
    var settings = SimnetSettings.small(nodes: 300)
    settings.transactionRate = 0
    settings.blockInterval = 0
    var network = SimulatedNetwork(NodeDirectory(settings), start: newYear)
    var hearers = [7]
    for case .heard(Self.known, let node, _) in network.hear(Self.known, at: 7, time: newYear) {
      #expect(node == 7)
    }
    for event in network.advance(to: newYear + 900 * second) {
      guard case .heard(Self.known, let node, let time) = event else { continue }
      hearers.append(node)
      #expect(time <= newYear + 601 * second)
    }
    #expect(Set(hearers).count == hearers.count)
    // In a random graph in which each node relays to two others, four fifths are reached.
    #expect((150..<290).contains(hearers.count))
  }

  @Test func tellsTwoPeersTheWholeDay() throws {
    let links = try LinksTests.links(["DE"])
    func told(at time: UInt64, _ text: String = "8.9.10.11:8333") -> [Int] {
      let turn = links.turn(of: Endpoint(text)!, at: 5, on: .ipv4, time: time)
      let nodes = links.topology.neighbours[5]
      #expect(nodes.filter { turn.includes(UInt64($0), among: nodes) } == turn.first(of: nodes).sorted())
      return turn.first(of: nodes)
    }
    #expect(told(at: newYear).count == 2)
    let hours = (0..<72).map { told(at: newYear + $0 * 3600 * second) }
    #expect(zip(hours, hours.dropFirst()).count { $0 != $1 } == 3)
    #expect(told(at: newYear, "8.9.10.12:8333") != hours[0])
    // On a network that the node cannot reach, half of the addresses are relayed to one peer only.
    let counts = (0..<200).map { port in
      links.turn(of: Endpoint(.torV3(.zero), port: port), at: 5, on: .ipv4, time: newYear).count
    }
    #expect((60..<140).contains(counts.count { $0 == 1 }) && counts.allSatisfy { $0 == 1 || $0 == 2 })
  }

  @Test func tellsObserversOfTheNodesThatAnnounceThemselves() throws {
    // Each of a node's peers gets about a tenth of the addresses that the node hears.
    var settings = SimnetSettings.small(nodes: 100)
    settings.addressInterval = 3
    let stage = try Stage(settings)
    let observer = try stage.observe(0, .sendaddrv2)
    observer.send(.getaddr)
    func told() -> [[KnownNode]] { observer.messages.map { Self.addresses($0) }.filter { !$0.isEmpty } }
    // The node's own address, the answer, and then unrequested addresses.
    try stage.run { Set(told().dropFirst(2).joined().map(\.endpoint)).count > 3 }
    #expect(told()[0].map(\.endpoint) == [stage.node.endpoint])
    for known in told().dropFirst(2).joined() { #expect(stage.simnet.node(for: known.endpoint) != nil) }
  }
}
