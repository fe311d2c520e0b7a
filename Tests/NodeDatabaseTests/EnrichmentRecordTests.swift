import BitcoinWire
import NodeDatabase
import Testing

/// Facts about nodes from other sources, as the database stores them.
@Suite struct EnrichmentRecordTests {
  let one = Made.endpoint(1)
  let two = Made.endpoint(2)

  private func boxford(_ seconds: Double) -> EndpointFacts {
    var place = EndpointFacts(one, time: Made.time(seconds))
    place.country = "GB"
    place.city = "Boxford"
    place.latitude = 51.75
    place.longitude = -1
    place.timeZone = "Europe/London"
    place.asn = 64_500
    place.organization = "Net"
    place.hostname = "one.example"
    return place
  }

  @Test(arguments: TestStore.kinds) func whatIsSaidAgainChangesNothing(_ kind: String) throws {
    let test = try TestStore(kind)
    try test.store.record([Made.heard(one, 0), .enrichment(boxford(1))])
    let node = try #require(try test.node(one))
    #expect(boxford(2).changes(to: node).isEmpty)
    // Missing facts do not contradict known ones.
    var less = EndpointFacts(one, time: Made.time(2))
    less.country = "GB"
    less.species = "core"
    #expect(less.changes(to: node).map(\.column) == [.species])
    try test.store.record([.enrichment(boxford(2)), .enrichment(less)])
    #expect(try test.node(one)?[.city] == .text("Boxford"))
    #expect(
      try test.store.history(one).map(\.field) == ["country", "asn", "organization", "hostname", "species"]
    )
  }

  @Test(arguments: TestStore.kinds) func anotherPlaceReplacesAllOfTheFormer(_ kind: String) throws {
    let test = try TestStore(kind)
    try test.store.record([Made.heard(one, 0), .enrichment(boxford(1))])
    var moved = EndpointFacts(one, time: Made.time(10))
    moved.country = "FR"
    moved.asn = 64_501
    try test.store.record([.enrichment(moved)])
    let node = try #require(try test.node(one))
    #expect(node[.country] == .text("FR") && node[.asn] == .integer(64_501))
    for column in [NodeColumn.city, .latitude, .longitude, .timeZone, .organization] {
      #expect(node[column] == .null, "\(column)")
    }
    #expect(node[.hostname] == .text("one.example"))
    // The history has the former organisation, and that there is none now.
    let organizations = try test.store.history(one).filter { $0.field == "organization" }
    #expect(organizations.map(\.old) == [nil, "Net"] && organizations.map(\.value) == ["Net", nil])
    var then = NodeQuery()
    then.time = Made.time(5)
    #expect(try test.store.nodes(then).map { $0[.organization] } == [.text("Net")])
    then.time = Made.time(15)
    #expect(try test.store.nodes(then).map { $0[.organization] } == [.null])
  }

  @Test(arguments: TestStore.kinds) func readsPageByPage(_ kind: String) throws {
    let test = try TestStore(kind)
    let endpoints = (1...25).map { Made.endpoint($0, port: $0 % 2 == 0 ? 8333 : 18_333) }
    try test.store.record(endpoints.map { Made.heard($0, 0) })
    var query = NodeQuery()
    query.limit = 10
    var sizes: [Int] = []
    var found: [Endpoint] = []
    repeat {
      let page = try test.store.nodes(query)
      sizes.append(page.count)
      found += page.compactMap(\.endpoint)
      query.after = page.last?[.endpoint].string
    } while sizes.last == 10
    #expect(sizes == [10, 10, 5] && Set(found) == Set(endpoints))
    #expect(try test.store.nodes().compactMap(\.endpoint) == found)
  }
}
