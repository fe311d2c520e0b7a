import BitcoinWire
import NodeDatabase
import Testing

/// Snapshots, roll-ups and the deletion of expired rows.
@Suite struct MaintenanceTests {
  let one = Made.endpoint(1)
  let two = Made.endpoint(2)

  @Test(arguments: TestStore.kinds) func countsHoursAndDaysWheneverItIsCalled(_ kind: String) throws {
    let hour = 3600.0
    var observations = [
      Made.reached(one, 0.5 * hour), Made.reached(two, 1.5 * hour, agent: "/b:1/"),
      Made.failed(one, 2.25 * hour, .refused), Made.reached(one, 26 * hour),
    ]
    func rollUps(_ test: TestStore) throws -> [String] {
      try ["reachable_by_hour", "reachable_over_time", "user_agent_over_time", "uptime", "churn"].flatMap {
        name in
        try test.store.view(name).rows.map { "\(name) " + $0.map(\.description).joined(separator: " ") }
      }
    }
    // Roll up after each observation in one store, once at the end in the other.
    let often = try TestStore(kind)
    for (observation, time) in zip(observations, [0.5, 1.5, 2.25, 26]) {
      try often.store.record([observation])
      try often.store.rollUp(now: Made.time(time * hour))
    }
    try often.store.rollUp(now: Made.time(48 * hour))
    let once = try TestStore(kind)
    observations.append(Made.heard(one, 27 * hour))
    try once.store.record(observations)
    try once.store.rollUp(now: Made.time(48 * hour))
    #expect(try rollUps(once) == rollUps(often))
    let midnight = Made.time(0)
    let next = Made.time(24 * hour)
    #expect(
      try rollUps(once) == [
        // The hours between have no observations.
        "reachable_by_hour \(midnight) 1", "reachable_by_hour \(Made.time(hour)) 2",
        "reachable_by_hour \(Made.time(2 * hour)) 1", "reachable_by_hour \(Made.time(26 * hour)) 2",
        "reachable_over_time \(midnight) 1", "reachable_over_time \(next) 2",
        "user_agent_over_time \(midnight) /b:1/ 1", "user_agent_over_time \(next) /Satoshi:30.0.0/ 1",
        "user_agent_over_time \(next) /b:1/ 1",
        // 22.5 h and 24 h; 1.75 h and 22 h.
        "uptime \(two) ipv4 /b:1/ 2 167400 0.96875",
        "uptime \(one) ipv4 /Satoshi:30.0.0/ 2 85500 0.4947916666666667",
        "churn 1767225600 2 1", "churn 1767312000 1 0",
      ]
    )
  }

  @Test(arguments: TestStore.kinds) func snapshotsStayAsTheyWere(_ kind: String) throws {
    let test = try TestStore(kind)
    try test.store.record([Made.reached(one, 0), Made.failed(two, 0, .refused)])
    #expect(try test.store.snapshot(at: Made.time(10)) == 1)
    try test.store.record([Made.failed(one, 20, .timedOut), Made.reached(two, 20)])
    #expect(try test.store.snapshot(at: Made.time(30)) == 2)
    #expect(try test.store.snapshots().map(\.reachable) == [1, 1])
    #expect(try test.store.snapshots().map(\.time) == [Made.time(10), Made.time(30)])
    #expect(try test.store.snapshotNodes(1).map { $0[.endpoint].description } == ["\(one)"])
    #expect(try test.store.snapshotNodes(1)[0][.height] == .integer(900_000))
    #expect(try test.store.snapshotNodes(2).map { $0[.endpoint].description } == ["\(two)"])
  }

  @Test(arguments: TestStore.kinds) func forgetsWhatNobodyNeeds(_ kind: String) throws {
    let test = try TestStore(kind)
    let day = 86_400.0
    try test.store.record([
      Made.heard(two, 0, from: one), Made.failed(two, 1, .refused), Made.reached(one, 0),
      Made.reached(one, 2, agent: "/b/"),
      Made.reached(one, 3, agent: "/c/"), Made.reached(one, 40 * day, agent: "/d/"),
      Made.heard(Made.endpoint(3), 39 * day),
    ])
    try test.store.snapshot(at: Made.time(0))
    var retention = Retention()
    retention.changes = 30
    retention.snapshots = 30
    try test.store.prune(retention, now: Made.time(41 * day))
    #expect(try test.store.load().map(\.endpoint) == [one, Made.endpoint(3)])
    #expect(try test.store.history(two).isEmpty)
    #expect(try test.store.advertisers(two).isEmpty)
    #expect(try test.store.snapshots().isEmpty)
    #expect(try test.store.attempts(one).map(\.time) == [Made.time(40 * day)])
    // Earlier times show the state at the horizon.
    var query = NodeQuery()
    query.time = Made.time(20 * day)
    #expect(try test.store.nodes(query).map { $0[.userAgent].description } == ["/c/"])
    let agents = try test.store.history(one).filter { $0.field == "user_agent" }
    #expect(agents.map(\.value) == ["/c/", "/d/"])
  }
}
