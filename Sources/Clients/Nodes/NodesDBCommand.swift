import ArgumentParser
import BitcoinWire
import Commands
import Configuration
import Daemon
import LogOptions
import LogText
import NodeDatabase
import Observations

/// `netmine nodes-db`: questions to the database of nodes.
struct NodesDBCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes-db",
    abstract: "Ask the database of nodes: who is or was there, what changed; export it.",
    discussion: """
      The database is what node_database.place names in the configuration, or --database. docs/crawler.md describes \
      its tables and views.
      """,
    subcommands: [
      NodesDBListCommand.self, NodesDBDiffCommand.self, NodesDBHistoryCommand.self, NodesDBViewCommand.self,
      NodesDBExportCommand.self, NodesDBSnapshotCommand.self, NodesDBMaintainCommand.self,
      NodesDBEnrichCommand.self, NodesDBSiblingsCommand.self,
    ],
    defaultSubcommand: NodesDBListCommand.self
  )
}

/// The options of every such command.
struct NodesDBOptions: ParsableArguments {
  @OptionGroup(title: "Common options") var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "The database: a file, or postgresql://user@host/name. (default: as configured)",
      valueName: "place"
    ),
    completion: .file()
  )
  var database: String?
}

/// A subcommand of `netmine nodes-db`: it needs no connector.
protocol NodesDBSubcommand: ClientCommand {
  /// The options of all of them.
  var options: NodesDBOptions { get }
}

extension NodesDBSubcommand {
  var common: CommonOptions { options.common }
  var control: String? { nil }
  var isJSON: Bool { false }

  /// Opens the database and lends it.
  func withStore(
    _ environment: ClientEnvironment,
    isReadOnly: Bool = true,
    _ body: (NodeStore) throws(NodeStoreError) -> Void
  ) throws(ClientFailure) -> ExitStatus {
    let configured = environment.configuration.nodeDatabase
    let place = options.database ?? configured.place
    // Whoever names a file knows whose it is.
    if options.database == nil { try environment.prepareFolder(ofDatabase: place, isReadOnly: isReadOnly) }
    do throws(NodeStoreError) {
      try body(try NodeStore.open(place, schema: configured.schema, isReadOnly: isReadOnly))
      return .succeeded
    } catch {
      throw ClientFailure(.someFailed, "The database of nodes: \(error).")
    }
  }
}

/// Which nodes a command is about.
struct NodesDBFilter: ParsableArguments {
  @Option(
    name: .customLong("state"),
    help: ArgumentHelp("Nodes in this state. May be repeated.", valueName: "state"),
    completion: .list(NodeState.allCases.map(\.rawValue))
  )
  var states: [NodeState] = []

  @Flag(help: "Nodes that are reachable: --state reachable.")
  var reachable = false

  @Option(
    name: .customLong("network"),
    help: ArgumentHelp(
      "Nodes of this network: ipv4, ipv6, onion, i2p, cjdns. May be repeated.",
      valueName: "network"
    )
  )
  var networks: [NetworkID] = []

  @Option(help: ArgumentHelp("Nodes with this in their user agent, whatever the case.", valueName: "text"))
  var agent: String?

  @Option(help: ArgumentHelp("Nodes with all of these services: names or a number.", valueName: "services"))
  var services: ServiceFlags?

  @Option(
    name: .customLong("country"),
    help: ArgumentHelp("Nodes in this country. May be repeated.", valueName: "code")
  )
  var countries: [String] = []

  @Option(
    name: .customLong("asn"),
    help: ArgumentHelp("Nodes of this autonomous system. May be repeated.", valueName: "number")
  )
  var asns: [UInt32] = []

  @Option(
    name: .customLong("species"),
    help: ArgumentHelp("Nodes of this species. May be repeated.", valueName: "name")
  )
  var species: [String] = []

  @Option(
    name: .customLong("at"),
    parsing: .unconditional,
    help: ArgumentHelp(
      "As it was then: ISO 8601, @ and Unix seconds, or an age such as -2d. What has no history is empty.",
      valueName: "time"
    )
  )
  var time: TimeBound?

  /// The question to the database.
  var query: NodeQuery {
    var query = NodeQuery()
    query.states = states + (reachable ? [.reachable] : [])
    query.networks = networks.map(\.description)
    query.agent = agent
    query.services = services ?? []
    query.countries = countries.map { $0.uppercased() }
    query.asns = asns
    query.species = species
    query.time = time?.time
    return query
  }
}

extension NodeState: ExpressibleByArgument {
  /// Reads a state's name; `-` may stand for a space.
  public init?(argument: String) {
    self.init(rawValue: argument.lowercased().split(separator: "-").joined(separator: " "))
  }
}
