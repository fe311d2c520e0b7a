import ArgumentParser
import BitcoinWire
import Commands
import Configuration
import Daemon
import LogOptions
import LogText
import NodeDatabase
import Observations

/// `netmine nodes-db`: queries to the node database.
struct NodesDBCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes-db",
    abstract: "Query and export the node database: current nodes, past nodes, changes.",
    discussion: """
      The database is node_database.place of the configuration, or --database. docs/crawler.md describes its \
      tables and views.
      """,
    subcommands: [
      NodesDBListCommand.self, NodesDBDiffCommand.self, NodesDBHistoryCommand.self, NodesDBViewCommand.self,
      NodesDBExportCommand.self, NodesDBSnapshotCommand.self, NodesDBMaintainCommand.self,
      NodesDBEnrichCommand.self, NodesDBSiblingsCommand.self,
    ],
    defaultSubcommand: NodesDBListCommand.self
  )
}

/// The options of every `nodes-db` command.
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

/// A subcommand of `netmine nodes-db`. It needs no connector.
protocol NodesDBSubcommand: ClientCommand {
  /// The options of every `nodes-db` command.
  var options: NodesDBOptions { get }
}

extension NodesDBSubcommand {
  var common: CommonOptions { options.common }
  var control: String? { nil }
  var isJSON: Bool { false }

  /// Opens the database and calls `body` with it.
  func withStore(
    _ environment: ClientEnvironment,
    isReadOnly: Bool = true,
    _ body: (NodeStore) throws(NodeStoreError) -> Void
  ) throws(ClientFailure) -> ExitStatus {
    let configured = environment.configuration.nodeDatabase
    let place = options.database ?? configured.place
    // A path given with --database is the user's own business.
    if options.database == nil { try environment.prepareFolder(ofDatabase: place, isReadOnly: isReadOnly) }
    do throws(NodeStoreError) {
      try body(try NodeStore.open(place, schema: configured.schema, isReadOnly: isReadOnly))
      return .succeeded
    } catch {
      throw ClientFailure(.someFailed, "The database of nodes: \(error).")
    }
  }
}

/// The nodes that a command is about.
struct NodesDBFilter: ParsableArguments {
  @Option(
    name: .customLong("state"),
    help: ArgumentHelp("Nodes in this state. May be repeated.", valueName: "state"),
    completion: .list(NodeState.allCases.map(\.rawValue))
  )
  var states: [NodeState] = []

  @Flag(help: "Reachable nodes, the same as --state reachable.")
  var reachable = false

  @Option(
    name: .customLong("network"),
    help: ArgumentHelp(
      "Nodes of this network: ipv4, ipv6, onion, i2p, cjdns. May be repeated.",
      valueName: "network"
    )
  )
  var networks: [NetworkID] = []

  @Option(help: ArgumentHelp("Nodes with this text in their user agent; case is ignored.", valueName: "text"))
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
      "State at this time: ISO 8601, @ and Unix seconds, or an age such as -2d. Without history: empty.",
      valueName: "time"
    )
  )
  var time: TimeBound?

  /// The database query.
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
  /// Parses a state's name; `-` may replace a space.
  public init?(argument: String) {
    self.init(rawValue: argument.lowercased().split(separator: "-").joined(separator: " "))
  }
}
