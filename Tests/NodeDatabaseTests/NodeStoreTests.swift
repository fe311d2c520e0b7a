import BitcoinWire
import NodeDatabase
import Testing

/// The recording of observations, with SQLite and, if it is installed, with a PostgreSQL server.
@Suite struct NodeStoreTests {
  let one = Made.endpoint(1)
  let two = Made.endpoint(2)

  @Test(arguments: TestStore.kinds) func keepsWhatAnAttemptShowed(_ kind: String) throws {
    let test = try TestStore(kind)
    try test.store.record([
      Made.heard(one, 0), Made.failed(one, 100, .refused), Made.reached(one, 200, agent: "/a\n'\\\u{0}/"),
      Made.reached(one, 300, height: 900_001),
    ])
    let node = try #require(try test.node(one))
    #expect(node.state == .reachable)
    #expect(node[.userAgent] == .text("/Satoshi:30.0.0/"))
    #expect(node.services == [.network, .witness])
    #expect(node[.version] == .integer(70016))
    #expect(node[.height] == .integer(900_001))
    #expect(node[.relay] == .integer(1))
    #expect(node[.network] == .text("ipv4"))
    #expect(node[.address] == .text("1.2.0.1"))
    #expect(node[.port] == .integer(8333))
    #expect(node[.firstAdvertised] == .number(Made.time(0)))
    #expect(node[.lastAdvertised] == .number(Made.time(0)))
    #expect(node[.claimed] == .number(Made.time(-60)))
    #expect(node[.firstTried] == .number(Made.time(100)))
    #expect(node[.lastTried] == .number(Made.time(300)))
    #expect(node[.firstReached] == .number(Made.time(200)))
    #expect(node[.lastReached] == .number(Made.time(300)))
    #expect(node[.stateSince] == .number(Made.time(200)))
    #expect(node[.attempts] == .integer(3))
    #expect(node[.successes] == .integer(2))
    #expect(node[.failures] == .integer(0))
    #expect(node[.connectDuration] == .integer(20_000_000))
    #expect(node[.handshakeDuration] == .integer(40_000_000))
    #expect(node[.reason] == .null)
    // The history has the strange user agent, escaped.
    let agents = try test.store.history(one).filter { $0.field == "user_agent" }
    #expect(agents.map(\.value) == ["/a\\x0a'\\\\\\x00/", "/Satoshi:30.0.0/"])
    #expect(try test.store.attempts(one).map(\.state) == ["refused", "reachable", "reachable"])
    #expect(try test.store.attempts(one)[0].reason == "refused: details")
  }

  @Test(arguments: TestStore.kinds) func doesNotBlameNodesForOurFaults(_ kind: String) throws {
    let test = try TestStore(kind)
    try test.store.record([Made.reached(one, 0), Made.heard(two, 0)])
    let before = try #require(try test.node(one))
    try test.store.record([Made.failed(one, 50, .outOfPorts), Made.failed(two, 50, .shutDown)])
    #expect(try test.node(one)?.values == before.values)
    #expect(try test.node(two)?.state == .untried)
    #expect(try test.store.attempts(one).map(\.state) == ["reachable", "our fault"])
  }

  @Test(arguments: TestStore.kinds) func goesOnAfterAReaderFails(_ kind: String) throws {
    let test = try TestStore(kind)
    try test.store.record([Made.heard(one, 0)])
    struct Stop: Error {}
    #expect(throws: NodeStoreError.self) { try test.store.load { _ in throw Stop() } }
    try test.store.record([Made.heard(two, 1)])
    #expect(try test.store.load().count == 2)
  }

  @Test(arguments: TestStore.kinds) func loadsCandidatesTheLikelyFirst(_ kind: String) throws {
    let test = try TestStore(kind)
    let onion = try #require(
      Endpoint("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")
    )
    try test.store.record([
      Made.heard(Made.endpoint(5), 500), Made.heard(onion, 600), Made.reached(one, 100),
      Made.reached(two, 200),
      Made.failed(two, 300, .timedOut), Made.failed(two, 400, .timedOut),
    ])
    let candidates = try test.reopened(isReadOnly: true).load()
    #expect(candidates.map(\.endpoint) == [two, one, onion, Made.endpoint(5)])
    #expect(candidates.map(\.state) == [.timedOut, .reachable, .untried, .untried])
    #expect(candidates.map(\.failures) == [2, 0, 0, 0])
    #expect(candidates[0].lastReached == Made.time(200))
    #expect(candidates[0].lastTried == Made.time(400))
    #expect(candidates[2].services == [.network])
    #expect(candidates[2].lastTried == nil)
    #expect(candidates[1].reliability > 0)
  }

  @Test(arguments: TestStore.kinds) func boundsWhoAdvertisedWhat(_ kind: String) throws {
    let test = try TestStore(kind)
    let tellers = (100..<130).map { Made.endpoint($0) }
    try test.store.record(tellers.enumerated().map { Made.heard(one, Double($0), from: $1) })
    try test.store.record([Made.heard(one, 40, from: tellers[0]), Made.heard(one, 41, from: one)])
    let kept = try test.store.advertisers(one)
    #expect(kept.count == NodeStore.advertiserLimit)
    #expect(kept[0].endpoint == "\(tellers[0])")
    #expect(kept[0].times == 2)
    #expect(kept[0].first == Made.time(0))
    #expect(kept[0].last == Made.time(40))
    let node = try #require(try test.node(one))
    #expect(node[.advertisers] == .integer(31))
    #expect(node[.advertisements] == .integer(32))
    // An advertiser becomes a known node.
    #expect(try test.node(tellers[29])?[.firstAdvertised] == .number(Made.time(29)))
  }

  @Test(arguments: TestStore.kinds) func keepsOnlyChanges(_ kind: String) throws {
    let test = try TestStore(kind)
    for pass in 0..<5 { try test.store.record([Made.reached(one, Double(pass * 1000))]) }
    try test.store.record([
      Made.reached(one, 6000, agent: "/Satoshi:31.0.0/"), Made.failed(one, 7000, .refused),
    ])
    let history = try test.store.history(one)
    #expect(
      history.map { "\($0.field) \($0.old ?? "-") \($0.value ?? "-")" } == [
        "version - 70016", "services - 9", "user_agent - /Satoshi:30.0.0/", "relay - 1",
        "state untried reachable", "user_agent /Satoshi:30.0.0/ /Satoshi:31.0.0/", "state reachable refused",
      ]
    )
    #expect(history.map(\.time).suffix(2) == [Made.time(6000), Made.time(7000)])
    #expect(try test.store.history(one, after: Made.time(0), through: Made.time(6000)).count == 1)
  }

  @Test(arguments: TestStore.kinds) func tellsThePast(_ kind: String) throws {
    let test = try TestStore(kind)
    try test.store.record([
      Made.heard(one, 0), Made.reached(one, 100), Made.reached(two, 200), Made.failed(one, 300, .timedOut),
      Made.reached(two, 400, agent: "/new:1/"),
    ])
    func states(_ seconds: Double) throws -> [String] {
      var query = NodeQuery()
      query.time = Made.time(seconds)
      return try test.store.nodes(query).map {
        "\($0[.endpoint].description) \($0[.state].description) \($0[.userAgent].description)"
      }
    }
    #expect(try states(-1) == [])
    #expect(try states(50) == ["1.2.0.1:8333 untried "])
    #expect(try states(100) == ["1.2.0.1:8333 reachable /Satoshi:30.0.0/"])
    #expect(
      try states(250) == [
        "1.2.0.1:8333 reachable /Satoshi:30.0.0/", "1.2.0.2:8333 reachable /Satoshi:30.0.0/",
      ]
    )
    #expect(try states(500) == ["1.2.0.1:8333 timed out /Satoshi:30.0.0/", "1.2.0.2:8333 reachable /new:1/"])
    var query = NodeQuery()
    query.time = Made.time(250)
    query.states = [.reachable]
    query.services = [.witness]
    query.agent = "satoshi"
    query.order = (.firstReached, true)
    query.limit = 1
    let node = try #require(try test.store.nodes(query).first)
    #expect(node[.endpoint] == .text("1.2.0.2:8333"))
    #expect(node[.version] == .integer(70016))
    #expect(node[.lastReached] == .null)
  }

  @Test(arguments: TestStore.kinds) func narrows(_ kind: String) throws {
    let test = try TestStore(kind)
    var place = EndpointFacts(two, time: Made.time(10))
    place.country = "DE"
    place.asn = 64_500
    place.organization = "O'Net"
    place.latitude = 50.5
    try test.store.record([
      Made.reached(one, 0, agent: "/a%_b:1/", services: [.network]), Made.reached(two, 0), .enrichment(place),
      Made.failed(Made.endpoint(3), 0, .closedBeforeVersion),
    ])
    func found(_ narrow: (inout NodeQuery) -> Void) throws -> [String] {
      var query = NodeQuery()
      narrow(&query)
      return try test.store.nodes(query).map { $0[.endpoint].description }
    }
    #expect(try found { $0.countries = ["DE", "FR"] } == ["\(two)"])
    #expect(try found { $0.asns = [64_500] } == ["\(two)"])
    #expect(try found { $0.agent = "A%_B" } == ["\(one)"])
    #expect(try found { $0.agent = "%" } == ["\(one)"])
    #expect(try found { $0.services = [.witness] } == ["\(two)"])
    #expect(try found { $0.states = [.full] } == ["1.2.0.3:8333"])
    #expect(try found { $0.networks = ["onion"] } == [])
    #expect(try found { $0.order = (.asn, true) } == ["\(two)", "\(one)", "1.2.0.3:8333"])
    let node = try #require(try test.node(two))
    #expect(node[.organization] == .text("O'Net"))
    #expect(node[.latitude] == .real(50.5))
    #expect(try test.store.view("by_country").rows.contains([.text("DE"), .integer(1)]))
  }

  @Test(arguments: TestStore.kinds) func everyViewCanBeRead(_ kind: String) throws {
    let test = try TestStore(kind)
    try test.store.record([Made.reached(one, 0), Made.heard(two, 1, from: one)])
    for name in NodeStore.viewNames { #expect(try !test.store.view(name).columns.isEmpty, "\(name)") }
    #expect(try test.store.view("heights").rows == [[.integer(900_000), .integer(1)]])
    #expect(
      try test.store.view("advertisers").rows == [
        [.text("\(one)"), .text("reachable"), .integer(1), .integer(0), .integer(0)]
      ]
    )
    #expect(throws: NodeStoreError.self) { try test.store.view("nodes; DROP TABLE nodes") }
  }
}
