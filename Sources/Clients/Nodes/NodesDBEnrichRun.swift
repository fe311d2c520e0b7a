import BitcoinWire
import Commands
import Enrichment
import EventLoop
import Names
import NodeDatabase
import Observations

/// Looks up all nodes of a database, page by page.
final class NodesDBEnrichRun {
  /// Nodes per page.
  private static let pageSize = 5000
  /// Host names per transaction.
  private static let batchSize = 200

  private let geo: Enricher
  private let environment: ClientEnvironment
  private var names: ReverseNames?
  private var interruption: Interruption?
  /// Host names found and not recorded yet.
  private var named: [EndpointFacts] = []

  private var total = 0
  private var nodes = 0
  private var countries = 0
  private var cities = 0
  private var systems = 0
  private var hostnames = 0
  private var changed = 0

  /// Prepares to look up locations and autonomous systems.
  init(_ geo: Enricher, _ environment: ClientEnvironment) {
    self.geo = geo
    self.environment = environment
  }

  /// Prepares to look up host names too. As that is slow, an interrupted run keeps its results.
  func askNames(_ command: NodesDBEnrichCommand) throws(ClientFailure) {
    let server = command.nameServer.flatMap {
      SocketAddress(addressBytes: $0.address.bytes, port: $0.port)
    }
    guard command.nameServer == nil || server != nil else {
      throw ClientFailure(.usage, "--dns-server needs an IPv4 or IPv6 address.")
    }
    interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    do throws(NameError) {
      names = try ReverseNames(
        servers: server.map { [$0] } ?? [],
        rate: command.rate ?? environment.configuration.crawl.reverseDNSRate,
        needsRoutable: !command.unroutable,
        on: environment.loop
      ) { [unowned self] in named.append($0) }
    } catch {
      throw ClientFailure(.someFailed, "Host names cannot be looked up: \(error).")
    }
  }

  /// Whether a signal has ended the run.
  var isInterrupted: Bool { interruption?.hasCome == true }

  /// The counts as one line.
  var summary: String {
    var parts: [String] = []
    if geo.hasSources {
      parts += [
        "\(countries) with a country", "\(cities) with a city", "\(systems) with an autonomous system",
      ]
    }
    if names != nil { parts.append("\(hostnames) with a name") }
    return "\(nodes) nodes: \(parts.joined(separator: ", ")); \(changed) changed"
      + (isInterrupted ? ", ended before all were looked up" : "")
  }

  /// Looks up the nodes and records the news.
  func run(_ store: NodeStore, onlyReachable: Bool) throws(NodeStoreError) {
    total = try store.view("by_state").rows.reduce(0) {
      onlyReachable && $1[0].string != NodeState.reachable.rawValue ? $0 : $0 + Int($1[1].integer ?? 0)
    }
    var query = NodeQuery()
    query.states = onlyReachable ? [.reachable] : []
    query.limit = Self.pageSize
    while !isInterrupted {
      let page = try store.nodes(query)
      try lookUp(page, store)
      guard page.count == Self.pageSize else { break }
      query.after = page.last?[.endpoint].string
    }
    environment.output.clearProgress()
  }

  private func lookUp(_ page: [NodeRecord], _ store: NodeStore) throws(NodeStoreError) {
    var known: [Endpoint: NodeRecord] = [:]
    for node in page {
      if let endpoint = node.endpoint { known[endpoint] = node }
    }
    let time = Clock.now()
    let found = known.keys.compactMap { geo.enrichment(of: $0, at: time) }
    countries += found.count { $0.country != nil }
    cities += found.count { $0.city != nil }
    systems += found.count { $0.asn != nil }
    nodes += page.count
    var news = try record(found, known, store)
    if let names {
      for endpoint in known.keys { names.lookUp(endpoint) }
      repeat {
        progress()
        if names.isBusy { environment.loop.runOnce() }
        guard named.count >= Self.batchSize || !names.isBusy || isInterrupted else { continue }
        hostnames += named.count
        news.formUnion(try record(named, known, store))
        named = []
      } while names.isBusy && !isInterrupted
    }
    changed += news.count
    progress()
  }

  /// Records the facts that the database does not have yet.
  ///
  /// - Returns: the endpoints with news.
  private func record(
    _ enrichments: [EndpointFacts],
    _ known: [Endpoint: NodeRecord],
    _ store: NodeStore
  ) throws(NodeStoreError) -> Set<Endpoint> {
    let news = enrichments.filter { enrichment in
      known[enrichment.endpoint].map { !enrichment.changes(to: $0).isEmpty } ?? false
    }
    try store.record(news.map { .enrichment($0) })
    return Set(news.map(\.endpoint))
  }

  private func progress() {
    let waiting = names.map { $0.waiting } ?? 0
    environment.output.progress(
      "\(nodes - waiting) of \(total) nodes looked up, \(hostnames + named.count) named"
    )
  }
}
