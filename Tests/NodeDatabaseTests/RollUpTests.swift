import BitcoinWire
import Store
import TestSupport
import Testing

@testable import NodeDatabase

/// Roll-ups of hours and days, compared with a simple computation.
@Suite struct RollUpTests {
  static let hour = 3600.0

  /// SplitMix64: the same seed gives the same numbers.
  private struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var number = state
      number = (number ^ (number >> 30)) &* 0xbf58_476d_1ce4_e5b9
      number = (number ^ (number >> 27)) &* 0x94d0_49bb_1331_11eb
      return number ^ (number >> 31)
    }
  }

  /// Observations of some nodes in two days and a bit. Some nodes are never tried, some are reached before
  /// their introduction comes, some never introduce themselves, several change twice at the same time, and
  /// some observations come late.
  static func observations(_ random: inout some RandomNumberGenerator) -> [Observation] {
    var observations: [Observation] = []
    var seconds = 0.0
    while seconds < 50 * hour {
      seconds += [0, 1, 200, 900, 4000].randomElement(using: &random)!
      // No observations for some hours.
      if (20 * hour..<26 * hour).contains(seconds) { seconds = 26 * hour }
      let endpoint = Made.endpoint(UInt32.random(in: 1...12, using: &random))
      let time = max(0, seconds - (Int.random(in: 0..<10, using: &random) == 0 ? 5000 : 0))
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1:
        let agent = ["", "/a:1/", "/b:2/"].randomElement(using: &random)!
        let services: ServiceFlags =
          Bool.random(using: &random) ? [.network] : [.network, .witness]
        observations.append(Made.reached(endpoint, time, agent: agent, services: services))
      case 2: observations.append(Made.failed(endpoint, time, .refused))
      case 3: observations.append(.presence(Presence(endpoint, time: Made.time(time))))
      case 4:
        var enrichment = EndpointFacts(endpoint, time: Made.time(time))
        enrichment.country = ["DE", "FR"].randomElement(using: &random)!
        enrichment.asn = [nil, 64_500].randomElement(using: &random)!
        observations.append(.enrichment(enrichment))
      default:
        observations.append(
          Made.heard(Made.endpoint(UInt32.random(in: 13...15, using: &random)), time)
        )
      }
    }
    return observations
  }

  /// The rows of a roll-up in order.
  static func rows(_ store: NodeStore, _ table: String) throws -> [[SQLValue]] {
    try store.read { try $0.rows("SELECT * FROM \(table) ORDER BY 1, 2, 3") }
  }

  /// The counts at the end of an hour or a day, computed from the whole history.
  static func counts(_ store: NodeStore, from begin: UInt64, to end: UInt64) throws -> [[SQLValue]] {
    var past: [String: [String: String]] = [:]
    for change in try store.history(nil) where change.time < end {
      past[change.endpoint, default: [:]][change.field] = change.value ?? ""
    }
    var counts: [[String]: Int64] = [["total", ""]: 0]
    for node in try store.nodes() where UInt64(node[.firstAdvertised].integer!) < end {
      let fields = past[node[.endpoint].description] ?? [:]
      let state = fields["state"] ?? "untried"
      counts[["state", state], default: 0] += 1
      guard state == "reachable" else { continue }
      counts[["total", ""]]! += 1
      counts[["network", node[.network].description], default: 0] += 1
      for name in ["user_agent", "version", "services", "country", "asn", "species"] {
        counts[[name, fields[name] ?? ""], default: 0] += 1
      }
    }
    return counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      .map { [.number(begin), .text($0.key[0]), .text($0.key[1]), .integer($0.value)] }
  }

  @Test(arguments: TestStore.kinds, [1, 2, 3] as [UInt64])
  func countsWhatTheChangesTell(_ kind: String, _ seed: UInt64) throws {
    var random = Dice(seed)
    let test = try TestStore(kind)
    try test.store.record(Self.observations(&random))
    try test.store.rollUp(now: Made.time(60 * Self.hour))
    for (table, span) in [("hourly", UInt64(Span.hour)), ("daily", UInt64(Span.day))] {
      let rows = try Self.rows(test.store, table)
      let begins = Set(rows.map { UInt64($0[0].integer!) }).sorted()
      #expect(begins.count == (table == "daily" ? 2 : begins.count) && begins.count > 1)
      for begin in begins {
        let found = rows.filter { $0[0] == .number(begin) }
        #expect(
          try found == Self.counts(test.store, from: begin, to: begin + span),
          "\(table) \(begin)"
        )
      }
    }
    // Up time: for each node the parts of the day in which its last state was reachable.
    var expected: [[SQLValue]] = []
    for day in 0..<2 as Range<Int64> {
      let begin = Int64(Made.time(0)) + day * Span.day
      for node in try test.store.nodes().sorted(by: { $0.id < $1.id }) {
        let states = try test.store.history(node.endpoint).filter { $0.field == "state" }
        var up: Int64?
        for (index, state) in states.enumerated() where state.value == "reachable" {
          let next = index + 1 < states.count ? Int64(states[index + 1].time) : .max
          let (since, until) = (max(Int64(state.time), begin), min(next, begin + Span.day))
          if since < begin + Span.day, until > begin { up = (up ?? 0) + until - since }
        }
        if let up { expected.append([.integer(begin), .integer(node.id), .integer(up)]) }
      }
    }
    #expect(try Self.rows(test.store, "node_days") == expected)
  }

  @Test func countsWhoIsSilentAndWhoSaysNothingAsOne() throws {
    let test = try TestStore("sqlite")
    try test.store.record([
      Made.reached(Made.endpoint(1), 0, agent: ""),
      .presence(Presence(Made.endpoint(2), time: Made.time(1))),
    ])
    try test.store.rollUp(now: Made.time(2 * Self.hour))
    let agents = try Self.rows(test.store, "hourly").filter { $0[1] == .text("user_agent") }
    #expect(agents == [[.number(Made.time(0)), .text("user_agent"), .text(""), .integer(2)]])
  }

  @Test func keepsEachHourThatIsCounted() throws {
    let test = try TestStore("sqlite")
    let database = try SQL.openSQLite(test.place)
    try test.store.record(
      (0..<10).map { Made.reached(Made.endpoint(1), Double($0) * Self.hour, agent: "/\($0)/") }
    )
    let fifth = Made.time(5 * Self.hour)
    try database.execute(
      "CREATE TRIGGER no BEFORE INSERT ON hourly WHEN NEW.time_ns = \(fifth) BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    #expect(throws: NodeStoreError.self) { try test.store.rollUp(now: Made.time(60 * Self.hour)) }
    let times = Set(try Self.rows(test.store, "hourly").map { $0[0] })
    #expect(times == Set((0..<5).map { .number(Made.time(Double($0) * Self.hour)) }))
    try database.execute("DROP TRIGGER no")
    try test.store.rollUp(now: Made.time(60 * Self.hour))
    #expect(try Self.rows(test.store, "hourly").contains { $0[0] == .number(fifth) })
  }

  @Test func looksUpRatherThanReadsTheHistory() throws {
    let test = try TestStore("sqlite")
    let plan = try test.store.read {
      try $0.rows("EXPLAIN QUERY PLAN " + RollUp.statement(nodes: 0..<1000, before: 1))
    }.map { $0[3].description }
    #expect(plan.contains { $0.contains("SEARCH c USING INDEX changes_node") })
    #expect(!plan.contains { $0.hasPrefix("SCAN c") }, "\(plan)")
  }
}
