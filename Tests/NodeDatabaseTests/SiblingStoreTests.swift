import BitcoinWire
import Testing

@testable import NodeDatabase

/// The search for siblings in a database.
@Suite struct SiblingStoreTests {
  private static let ipv4 = Endpoint("9.9.9.9:8333")!
  private static let ipv6 = Endpoint("[2a01::9]:8333")!

  /// A hundred nodes; two endpoints have the same rare introduction and are away at the same time.
  private func fill(_ store: NodeStore) throws {
    var observations = (0..<100).map { Made.reached(Made.endpoint(UInt32($0) + 1), Double($0)) }
    for (number, endpoint) in [Self.ipv6, Self.ipv4].enumerated() {
      let late = Double(number * 20)
      observations += [
        Made.reached(endpoint, 10 + late, agent: "/Satoshi:29.0.0(x)/"),
        Made.failed(endpoint, 50_000 + late, .timedOut),
        Made.failed(endpoint, 51_000 + late, .refused),
        Made.reached(endpoint, 60_000 + late, agent: "/Satoshi:30.0.0(x)/"),
      ]
    }
    // It advertises its other address as fresh, and its own.
    observations.append(Made.heard(Self.ipv6, 61_000, from: Self.ipv6))
    observations.append(
      .advertisement(
        Advertisement(
          Self.ipv6,
          time: Made.time(61_001),
          advertiser: Self.ipv4,
          claimedTime: 1_767_225_600 + 61_000
        )
      )
    )
    observations.append(Made.heard(Made.endpoint(7), 62_000, from: Self.ipv4))
    try store.record(observations)
  }

  @Test(arguments: TestStore.kinds) func readsWhatHappened(_ kind: String) throws {
    let test = try TestStore(kind)
    try fill(test.store)
    let input = try test.store.siblingInput(now: Made.time(70_000), SiblingSettings())
    #expect(input.candidates.count == 102)
    let place = try #require(input.candidates.firstIndex { $0.endpoint == Self.ipv4 })
    let candidate = input.candidates[place]
    #expect(candidate.introduction.userAgent == "/Satoshi:30.0.0(x)/" && candidate.introduction.relay == true)
    var former = candidate.introduction
    former.userAgent = "/Satoshi:29.0.0(x)/"
    func time(_ seconds: Double) -> Int64 { Int64(Made.time(seconds)) }
    #expect(
      candidate.events.filter { $0.kind != .upgrade } == [
        .init(.down, at: time(50_020)), .init(.up, at: time(60_020)),
      ]
    )
    #expect(
      candidate.events.filter { $0.kind == .upgrade } == [.init(.upgrade, at: time(60_020), former: former)]
    )
    #expect(
      candidate.wasReachable(at: time(40_000)) == true && candidate.wasReachable(at: time(55_000)) == false
    )
    #expect(candidate.wasReachable(at: time(1)) == nil && candidate.introduced == time(60_020))
    // A node's advertisement of itself is ignored, and so is one that may be relayed.
    let telling = try #require(input.tellings.first)
    #expect(input.tellings.count == 1 && telling.advertiser == place && telling.isFresh && !telling.isFirst)
    // Future and long past events are ignored.
    #expect(try test.store.siblingInput(now: Made.time(55), SiblingSettings()).candidates.count <= 102)
    #expect(try test.store.siblingInput(now: Made.time(40 * 86_400), SiblingSettings()).candidates.isEmpty)
  }

  @Test(arguments: TestStore.kinds) func countsANodeOnce(_ kind: String) throws {
    let test = try TestStore(kind)
    try fill(test.store)
    let (candidates, findings) = try test.reopened(isReadOnly: true).siblings(now: Made.time(70_000))
    let group = try #require(findings.groups.first)
    #expect(findings.groups.count == 1 && group.confidence > 0.95)
    #expect(group.members.map { candidates[$0].endpoint } == [Self.ipv4, Self.ipv6])
    let groups = [group.members.map { candidates[$0].id }]
    var query = NodeQuery()
    var others = try test.store.others(of: groups, among: query)
    #expect(others == [candidates[group.members[1]].id])
    query.excluded = others
    #expect(try test.store.nodes(query).count == 101)
    // The filter applies first: the other endpoint represents the node there.
    query = NodeQuery()
    query.networks = ["ipv6"]
    #expect(try test.store.others(of: groups, among: query).isEmpty)
    query.networks = []
    others = try test.store.others(of: groups, among: query)
    #expect(try test.store.view("by_network").rows.count == 2)
    #expect(try test.store.view("by_network", without: others).rows == [[.text("ipv4"), .integer(101)]])
    #expect(try test.store.view("nodes_now", limit: 500, without: others).rows.count == 101)
    for view in NodeStore.countedViewNames { _ = try test.store.view(view, limit: 3, without: others) }
    #expect(throws: NodeStoreError.self) { try test.store.view("churn", without: others) }
  }
}
