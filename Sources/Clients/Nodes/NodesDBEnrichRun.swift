import BitcoinWire
import Commands
import Enrichment
import EventLoop
import Names
import NodeDatabase
import Observations

/// Looks up all nodes of a database, page by page.
final class NodesDBEnrichRun {
  /// How many nodes are read at a time.
  private static let pageSize = 5000
  /// How many names are recorded at a time.
  private static let batchSize = 200

  private let geo: Enricher
  private let environment: ClientEnvironment
  private var names: ReverseNames?
  private var interruption: Interruption?
  /// Names that were found and are not recorded yet.
  private var named: [EndpointFacts] = []

  private var total = 0
  private var nodes = 0
  private var countries = 0
  private var cities = 0
  private var systems = 0
  private var hostnames = 0
  private var changed = 0

  /// Prepares to ask databases.
  init(_ geo: Enricher, _ environment: ClientEnvironment) {
    self.geo = geo
    self.environment = environment
  }

  /// Prepares to ask name servers too, which takes its time: whoever ends it keeps what was found.
  func askNames(_ command: NodesDBEnrichCommand) throws(ClientFailure) {
    let server = command.nameServer.flatMap {
      SocketAddress(addressBytes: $0.address.bytes, port: $0.port)
    }
    guard command.nameServer == nil || server != nil else {
      throw ClientFailure(.usage, "A name server has an IPv4 or IPv6 address.")
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
      throw ClientFailure(.someFailed, "Names cannot be asked for: \(error).")
    }
  }

  /// Whether somebody has ended it.
  var isInterrupted: Bool { interruption?.hasCome == true }

  /// What was found.
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

  /// Looks up the nodes and records what is new.
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

  /// Records what the database does not say yet.
  ///
  /// - Returns: whom that is about.
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
