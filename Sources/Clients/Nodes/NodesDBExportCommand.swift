import ArgumentParser
import BitcoinWire
import Commands
import Configuration
import EventLoop
import LogOptions
import LogText
import NodeDatabase

/// `netmine nodes-db export`: writes nodes in formats of other programs.
struct NodesDBExportCommand: NodesDBSubcommand {
  /// The output format.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case bitnodes, crawler, seeder, zone, list
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write nodes in a format of other programs, or as a DNS zone for a seed.",
    discussion: """
      bitnodes: JSON rows as Bitnodes writes them. crawler: CSV as p2p-crawler writes it. seeder: \
      dnsseed.dump of sipa's seeder. zone: a zone file of good nodes (--origin, --ns and --mail), with names \
      such as x9 for services. list: addresses for `netmine connect --file`.

      Without --state, reachable nodes are written; for seeder, all nodes that were ever reached. \
      docs/crawler.md describes each format.
      """
  )

  @Option(name: .customLong("as"), help: "Output format.")
  var form: Form

  @OptionGroup(title: "Which nodes") var filter: NodesDBFilter

  @Option(
    help: ArgumentHelp(
      "Nodes of this snapshot, as they were; for bitnodes, crawler and list only.",
      valueName: "number"
    )
  )
  var snapshot: Int64?

  @Option(help: ArgumentHelp("Zone: name of the zone.", valueName: "name"))
  var origin: String?

  @Option(help: ArgumentHelp("Zone: host name of the name server.", valueName: "name"))
  var ns: String?

  @Option(help: ArgumentHelp("Zone: mailbox of the person responsible.", valueName: "mailbox"))
  var mail: String?

  @Option(help: ArgumentHelp("Zone: time to live of the answers, in seconds.", valueName: "seconds"))
  var ttl = 3600

  @Option(help: ArgumentHelp("Zone: serial number. (default: Unix seconds)", valueName: "number"))
  var serial: UInt32?

  @Option(
    help: ArgumentHelp(
      "Zone: sets of services with a name, in hexadecimal after x, separated by commas.",
      valueName: "x9,…"
    )
  )
  var subdomains: String?

  @Option(
    help: ArgumentHelp(
      "Zone: addresses of each type per name. (default: as many as fit into 512 bytes)",
      valueName: "count"
    )
  )
  var addresses: Int?

  @Option(
    help: ArgumentHelp(
      "Zone, seeder: port of good nodes. (default: the network's)",
      valueName: "port"
    )
  )
  var port: UInt16?

  @Option(help: ArgumentHelp("Zone, seeder: lowest height of good nodes.", valueName: "height"))
  var minHeight: Int64 = 0

  @Flag(help: "Zone: include unroutable addresses, such as those of simulated networks.")
  var unroutable = false

  @OptionGroup(title: "Output file") var target: NodesDBTarget
  @OptionGroup var options: NodesDBOptions

  func validate() throws {
    if form == .zone {
      guard let origin, let ns, let mail else {
        throw ValidationError("A zone needs --origin, --ns and --mail.")
      }
      for name in [origin, ns, mail] where !Self.isName(name) {
        throw ValidationError("\(name) is not a DNS name.")
      }
      guard (10...86_400).contains(ttl), addresses ?? 1 > 0 else {
        throw ValidationError("--ttl must be 10 to 86400 seconds, --addresses at least 1.")
      }
      guard services != nil else { throw ValidationError("--subdomains must look like x1,x9,x409.") }
      guard filter.time == nil else { throw ValidationError("A zone has current nodes only: no --at.") }
    }
    guard snapshot == nil || form != .zone && form != .seeder && filter.time == nil else {
      throw ValidationError("--snapshot is for bitnodes, crawler and list only, and excludes --at.")
    }
    guard form != .seeder || filter.time == nil else {
      throw ValidationError("Reliability has no history: seeder excludes --at.")
    }
  }

  private static func isName(_ name: String) -> Bool {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let kept = labels.last == "" ? labels.dropLast() : labels[...]
    return name.utf8.count < 240 && !kept.isEmpty
      && kept.allSatisfy { label in
        (1...63).contains(label.utf8.count)
          && label.utf8.allSatisfy {
            (0x61...0x7a).contains($0 | 0x20) || (0x30...0x39).contains($0)
              || [0x2d, 0x5f, 0x40].contains($0)
          }
      }
  }

  /// The sets of services that have a name in a zone; nil if `subdomains` cannot be parsed.
  private var services: [ServiceFlags]? {
    guard let subdomains else { return SeedZone.usualServices }
    let parts = subdomains.lowercased().split(separator: ",")
    let bits = parts.compactMap {
      $0.hasPrefix("x") && !$0.hasPrefix("x0") ? UInt64($0.dropFirst(), radix: 16) : nil
    }
    return bits.count == parts.count ? bits.map { ServiceFlags(rawValue: $0) } : nil
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var nodes: [NodeRecord] = []
    _ = try withStore(environment) { store throws(NodeStoreError) in
      if let snapshot {
        nodes = try store.snapshotNodes(snapshot)
        return
      }
      var query = filter.query
      if query.states.isEmpty, form != .seeder { query.states = [.reachable] }
      nodes = try store.nodes(query)
    }
    let output = try ByteOutput(target.path, replaces: target.force, environment.output)
    let network = environment.configuration
    let rules = SeederRules(port: port ?? Self.port(network), minimumHeight: minHeight)
    switch form {
    case .bitnodes:
      var rows = NodeExport.Bitnodes()
      for node in nodes { rows.append(node, to: &output.bytes) }
      rows.finish(&output.bytes)
    case .crawler:
      output.bytes += NodeExport.CrawlerCSV.beginning.utf8
      for node in nodes { NodeExport.CrawlerCSV.append(node, to: &output.bytes) }
    case .seeder:
      output.bytes += NodeExport.SeederDump.beginning.utf8
      for node in NodeExport.SeederDump.sorted(nodes) {
        NodeExport.SeederDump.append(node, rules, to: &output.bytes)
      }
    case .list:
      for node in nodes { output.bytes += (node[.endpoint].description + "\n").utf8 }
    case .zone:
      let serial = serial ?? UInt32(truncatingIfNeeded: Clock.now() / 1_000_000_000)
      var zone = SeedZone(origin: origin!, nameServer: ns!, mailbox: mail!, serial: serial, rules: rules)
      zone.timeToLive = ttl
      zone.services = services!
      zone.limit = addresses
      zone.needsRoutable = !unroutable
      guard let text = zone.text(nodes) else {
        throw ClientFailure(.someFailed, "There is no good node to hand out: no zone is written.")
      }
      output.bytes += text.utf8
    }
    try output.finish()
    return .succeeded
  }

  /// The port that the configured network's nodes listen on.
  private static func port(_ configuration: Configuration) -> UInt16 {
    configuration.describedNetwork?.port ?? Network(named: configuration.connector.network)?.defaultPort
      ?? 8333
  }
}

/// The output file's options.
struct NodesDBTarget: ParsableArguments {
  @Option(
    name: .customShort("o"),
    help: ArgumentHelp("File to write. (default: the standard output)", valueName: "file"),
    completion: .file()
  )
  var path: String?

  @Flag(help: "Replace the file if it exists.")
  var force = false
}

/// `netmine nodes-db snapshot`: saves the reachable nodes.
struct NodesDBSnapshotCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot",
    abstract: "Save the reachable nodes with their heights as a snapshot, or list the snapshots."
  )

  @Flag(help: "List the snapshots.")
  var list = false

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try withStore(environment, isReadOnly: list) { store throws(NodeStoreError) in
      let taken = list ? nil : try store.snapshot(at: Clock.now())
      var rows = NodesDBRows(["snapshot", "time_ns", "reachable"], format, environment.output)
      for snapshot in try store.snapshots() where taken ?? snapshot.id == snapshot.id {
        guard rows.add([.integer(snapshot.id), .number(snapshot.time), .number(snapshot.reachable)]) else {
          break
        }
      }
      rows.finish()
    }
  }
}

/// `netmine nodes-db maintain`: counts past hours and days, and deletes expired rows.
struct NodesDBMaintainCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "maintain",
    abstract: "Count past hours and days, and delete expired rows.",
    discussion:
      "A running crawler does so by itself. node_database.keep_… in the configuration sets the expiry times."
  )

  @OptionGroup var options: NodesDBOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let configured = environment.configuration.nodeDatabase
    return try withStore(environment, isReadOnly: false) { store throws(NodeStoreError) in
      try store.rollUp(now: Clock.now())
      try store.prune(Retention(configured), now: Clock.now())
    }
  }
}
