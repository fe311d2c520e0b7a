import BitcoinWire
import Commands
import ControlProtocol
import Crawler
import Enrichment
import EventLoop
import JSON
import LogText
import NodeDatabase
import Observations

/// Prints the progress and the results of a crawl.
final class CrawlReport {
  /// Seconds over which the dial rate is measured.
  private static let window = 10.0

  /// Maximum number of rows for user agents, versions and other groups.
  private static let rowLimit = 12

  private let output: Output
  private let isJSON: Bool
  private let rules: SpeciesRules
  private let enricher: Enricher
  private let heartbeat: Double
  private var samples: [(time: Double, dials: Int)] = []
  private var shownAt = 0.0
  private var beatAt = 0.0
  private var statusAt = -1.0
  private let status: CrawlStatusFile

  /// Creates a report.
  ///
  /// - Parameter heartbeat: seconds between progress lines when stderr is not a terminal, and always with
  ///   JSON.
  init(_ environment: ClientEnvironment, _ rules: SpeciesRules, _ enricher: Enricher, heartbeat: Double) {
    output = environment.output
    status = CrawlStatusFile(environment)
    isJSON = environment.isJSON
    self.rules = rules
    self.enricher = enricher
    self.heartbeat = heartbeat
  }

  // MARK: Progress

  /// Updates every display of progress that is due. `now` is in seconds since the crawl started.
  func progress(_ crawl: Crawl, at now: Double) {
    if output.showsProgress, now - shownAt >= 0.25 {
      shownAt = now
      sample(crawl, at: now)
      output.progress(CrawlProgress(crawl, rate: rate, seconds: now).line)
    }
    if now - beatAt >= heartbeat {
      beatAt = now
      sample(crawl, at: now)
      beat(crawl, "progress", at: now)
    }
    if now - statusAt >= 1 {
      statusAt = now
      sample(crawl, at: now)
      status.write(CrawlProgress(crawl, rate: rate, seconds: now))
    }
  }

  /// Removes the status file, because the crawl is over.
  func end() { status.remove() }

  /// Prints the progress at the end of a pass.
  func passed(_ crawl: Crawl, at now: Double) { beat(crawl, "pass", at: now) }

  /// Shows another text on the progress line.
  func show(_ line: String) { output.progress(line) }

  /// Clears the progress line.
  func clear() { output.clearProgress() }

  /// Prints the nodes that attempts have reached, if the output is JSON.
  func tell(_ attempts: [CrawlAttempt]) {
    guard isJSON else { return }
    output.lines(
      attempts.flatMap { attempt in
        attempt.introduction.map {
          Self.reached(attempt.endpoint, $0, attempt.connectDuration, attempt.handshakeDuration)
        } ?? []
      }
    )
  }

  /// Prints nodes that were already connected, if the output is JSON.
  func tell(_ nodes: [CrawledNode]) {
    guard isJSON else { return }
    output.lines(nodes.flatMap { Self.reached($0.endpoint, $0.node.introduction, nil, nil) })
  }

  /// The JSON line of a reached node; durations in ns.
  private static func reached(
    _ endpoint: Endpoint,
    _ peer: PeerIntroduction,
    _ connectDuration: UInt64?,
    _ handshakeDuration: UInt64?
  ) -> [UInt8] {
    var json = JSONWriter()
    json.member("event", "reached")
    json.member("address", endpoint.description)
    json.member("network", endpoint.address.network.description)
    json.member("user_agent", EscapedText.utf8(peer.userAgent))
    json.member("version", peer.protocolVersion)
    json.member("services", peer.services.names)
    json.member("height", peer.startHeight)
    json.member("connect_ms", connectDuration.map { Double($0) / 1e6 })
    json.member("handshake_ms", handshakeDuration.map { Double($0) / 1e6 })
    return json.finish() + [UInt8(ascii: "\n")]
  }

  private func sample(_ crawl: Crawl, at now: Double) {
    samples.append((now, crawl.counts.dials))
    while samples.count > 2, samples[1].time < now - Self.window { samples.removeFirst() }
  }

  /// Dials per second, over the last 10 seconds.
  private var rate: Double {
    guard let first = samples.first, let last = samples.last, last.time > first.time else { return 0 }
    return Double(last.dials - first.dials) / (last.time - first.time)
  }

  private func beat(_ crawl: Crawl, _ event: String, at now: Double) {
    let progress = CrawlProgress(crawl, rate: rate, seconds: now)
    guard isJSON else {
      if !output.showsProgress || event == "pass" { output.note(progress.line) }
      return
    }
    var json = JSONWriter()
    json.member("event", event)
    progress.write(to: &json)
    output.line(json)
  }

  // MARK: Results

  /// Prints the results.
  func summarise(_ crawl: Crawl, seconds: Double) {
    let nodes = crawl.reachableNodes
    if isJSON {
      var json = JSONWriter()
      json.member("event", "summary")
      CrawlProgress(crawl, rate: rate, seconds: seconds).write(to: &json)
      json.member("nonsensical", crawl.nonsensicalCount)
      let states = crawl.states.sorted { $0.key.rawValue < $1.key.rawValue }
      let rows = states.flatMap { state, counts in Self.ordered(counts).map { (state, $0.network, $0.count) }
      }
      json.objects("states", rows) { json, row in
        json.member("state", row.0.rawValue)
        json.member("network", row.1.description)
        json.member("count", row.2)
      }
      for tally in tallies(nodes) {
        json.objects(tally.key, Self.tally(tally.names)) { json, row in
          json.member("name", row.name)
          json.member("count", row.count)
        }
      }
      output.line(json)
      return
    }
    for line in Self.stateTable(crawl.states) { output.line(line) }
    for tally in tallies(nodes) where !nodes.isEmpty {
      output.line("")
      for line in Self.shareTable(tally.title, tally.names, limit: Self.rowLimit) { output.line(line) }
    }
    output.note(
      "\(Quantity.counted(nodes.count, "reachable node")) among \(crawl.candidateCount) addresses, found in "
        + "\(Quantity.age(UInt64(seconds))) with \(Quantity.counted(crawl.counts.dials, "dial")); "
        + "\(crawl.counts.answers) of \(crawl.counts.asks) getaddr answered"
        + (crawl.nonsensicalCount > 0 ? "; \(crawl.nonsensicalCount) sent only useless addresses" : "")
    )
  }

  /// A property to count nodes by.
  private struct Tally {
    /// Its heading in a table.
    let title: String
    /// Its key in JSON.
    let key: StaticString
    /// Its value for each node.
    let names: [String]
  }

  private func tallies(_ nodes: [CrawledNode]) -> [Tally] {
    var tallies = [
      Tally(title: "SPECIES", key: "species", names: nodes.map { rules.species(of: $0.node) }),
      Tally(
        title: "USER AGENT",
        key: "user_agents",
        names: nodes.map { EscapedText.utf8($0.node.introduction.userAgent) }
      ),
      Tally(
        title: "VERSION",
        key: "versions",
        names: nodes.map { "\($0.node.introduction.protocolVersion)" }
      ),
      Tally(
        title: "SERVICES",
        key: "services",
        names: nodes.map { $0.node.introduction.services.description }
      ),
    ]
    guard enricher.hasSources else { return tallies }
    let places = nodes.map { enricher.enrichment(of: $0.endpoint, at: Clock.now()) }
    func add(_ title: String, _ key: StaticString, _ name: (EndpointFacts) -> String?) {
      let names = places.map { $0.flatMap(name) ?? "unknown" }
      if names.contains(where: { $0 != "unknown" }) {
        tallies.append(Tally(title: title, key: key, names: names))
      }
    }
    add("COUNTRY", "countries") { $0.country }
    add("AUTONOMOUS SYSTEM", "systems") { place in
      place.asn.map { "AS\($0)" + (place.organization.map { name in " \(name)" } ?? "") }
    }
    return tallies
  }

  /// The number of nodes for each name, largest first.
  static func tally(_ names: [String]) -> [(name: String, count: Int)] {
    Dictionary(grouping: names) { $0 }.map { ($0.key, $0.value.count) }.sorted {
      $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0
    }
  }

  /// A table of the number of nodes for each name. The names beyond the limit share one row.
  static func shareTable(_ title: String, _ names: [String], limit: Int) -> [String] {
    var table = Table([.init(title), .init("NODES", .trailing), .init("SHARE", .trailing)])
    let rows = tally(names)
    for row in rows.prefix(limit) { table.add([row.name, "\(row.count)", share(row.count, names.count)]) }
    let rest = rows.dropFirst(limit)
    if !rest.isEmpty {
      let count = rest.reduce(0) { $0 + $1.count }
      table.add(["\(rest.count) others", "\(count)", share(count, names.count)])
    }
    return table.lines
  }

  /// A table of the number of addresses in each state, by network.
  static func stateTable(_ states: [NodeState: [NetworkID: Int]]) -> [String] {
    let networks = Set(states.values.flatMap(\.keys)).sorted { $0.rawValue < $1.rawValue }
    var table = Table(
      [.init("STATE")] + networks.map { .init($0.description.uppercased(), .trailing) } + [
        .init("ALL", .trailing)
      ]
    )
    for state in [.reachable] + NodeState.allCases.filter({ $0 != .reachable }) {
      guard let counts = states[state] ?? (state == .reachable ? [:] : nil) else { continue }
      table.add([state.rawValue] + networks.map { "\(counts[$0] ?? 0)" } + ["\(total(counts))"])
    }
    return table.lines
  }

  private static func share(_ count: Int, _ total: Int) -> String {
    let tenths = total == 0 ? 0 : (count * 1000 + total / 2) / total
    return "\(tenths / 10).\(tenths % 10) %"
  }

  private static func total(_ counts: [NetworkID: Int]) -> Int { counts.values.reduce(0, +) }

  private static func ordered(_ counts: [NetworkID: Int]) -> [(network: NetworkID, count: Int)] {
    counts.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key, $0.value) }
  }
}
