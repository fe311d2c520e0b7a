import ArgumentParser
import BitcoinWire
import Commands
import Configuration
import EventLoop
import LogOptions
import LogText
import NodeDatabase

/// `netmine nodes-db export`: nodes as other programs read them.
struct NodesDBExportCommand: NodesDBSubcommand {
  /// What to write.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case bitnodes, crawler, seeder, zone, list
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write nodes as other programs read them, or a DNS zone for a seed.",
    discussion: """
      bitnodes: the JSON rows of Bitnodes. crawler: the CSV of p2p-crawler. seeder: dnsseed.dump of sipa's seeder. \
      zone: a zone file of good nodes (--origin, --ns and --mail), with names such as x9 for services. list: \
      addresses for `netmine connect --file`.

      Where no --state is named: reachable nodes; for seeder all that were ever reached. docs/crawler.md has each form.
      """
  )

  @Option(name: .customLong("as"), help: "What to write.")
  var form: Form

  @OptionGroup(title: "Which nodes") var filter: NodesDBFilter

  @Option(
    help: ArgumentHelp(
      "The nodes of this snapshot, as they were. As bitnodes, crawler, list.",
      valueName: "number"
    )
  )
  var snapshot: Int64?

  @Option(help: ArgumentHelp("Zone: its name.", valueName: "name"))
  var origin: String?

  @Option(help: ArgumentHelp("Zone: its name server's name.", valueName: "name"))
  var ns: String?

  @Option(help: ArgumentHelp("Zone: who is responsible.", valueName: "mailbox"))
  var mail: String?

  @Option(help: ArgumentHelp("Zone: seconds that answers may be kept.", valueName: "seconds"))
  var ttl = 3600

  @Option(help: ArgumentHelp("Zone: its serial number. (default: Unix seconds)", valueName: "number"))
  var serial: UInt32?

  @Option(
    help: ArgumentHelp(
      "Zone: the names for services, hexadecimal after x, with commas between them.",
      valueName: "x9,…"
    )
  )
  var subdomains: String?

  @Option(
    help: ArgumentHelp(
      "Zone: addresses of each kind under each name. (default: what 512 bytes hold)",
      valueName: "count"
    )
  )
  var addresses: Int?

  @Option(
    help: ArgumentHelp(
      "Zone, seeder: good nodes listen on this port. (default: the network's)",
      valueName: "port"
    )
  )
  var port: UInt16?

  @Option(help: ArgumentHelp("Zone, seeder: good nodes are at least at this height.", valueName: "height"))
  var minHeight: Int64 = 0

  @Flag(help: "Zone: hand out addresses too that nobody elsewhere can reach, as in simulated networks.")
  var unroutable = false

  @OptionGroup(title: "Where to") var target: NodesDBTarget
  @OptionGroup var options: NodesDBOptions

  func validate() throws {
    if form == .zone {
      guard let origin, let ns, let mail else {
        throw ValidationError("A zone needs --origin, --ns and --mail.")
      }
      for name in [origin, ns, mail] where !Self.isName(name) {
        throw ValidationError("\(name) is no name for DNS.")
      }
      guard (10...86_400).contains(ttl), addresses ?? 1 > 0 else {
        throw ValidationError("--ttl is 10 to 86400 seconds, --addresses at least 1.")
      }
      guard services != nil else { throw ValidationError("--subdomains are written x1,x9,x409.") }
      guard filter.time == nil else { throw ValidationError("A zone is of nodes as they are now.") }
    }
    guard snapshot == nil || form != .zone && form != .seeder && filter.time == nil else {
      throw ValidationError("--snapshot goes with bitnodes, crawler and list, and not with --at.")
    }
    guard form != .seeder || filter.time == nil else {
      throw ValidationError("Reliability has no history: the seeder's dump is of nodes as they are now.")
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

  /// The services that have names in a zone; nil where they cannot be read.
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

  /// Where the configured network's nodes listen.
  private static func port(_ configuration: Configuration) -> UInt16 {
    configuration.describedNetwork?.port ?? Network(named: configuration.connector.network)?.defaultPort
      ?? 8333
  }
}

/// Where text is written.
struct NodesDBTarget: ParsableArguments {
  @Option(
    name: .customShort("o"),
    help: ArgumentHelp("File to write. (default: the standard output)", valueName: "file"),
    completion: .file()
  )
  var path: String?

  @Flag(help: "Replace the file where it is there already.")
  var force = false
}

/// `netmine nodes-db snapshot`: keeps who is reachable now.
struct NodesDBSnapshotCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot",
    abstract: "Keep who is reachable now, heights included; or list the snapshots."
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

/// `netmine nodes-db maintain`: counts what has passed, and forgets what is configured to be.
struct NodesDBMaintainCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "maintain",
    abstract: "Count the hours and days that have passed, and forget what need not be kept.",
    discussion:
      "A running crawler does so by itself. What is kept for how long: node_database.keep_… in the configuration."
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
