import ArgumentParser
import BitcoinWire
import ControlProtocol
import LogOptions
import Observations

/// The options that choose peers, shared by all commands that work on chosen peers.
///
/// A peer must match one value of each given option.
public struct TargetOptions: ParsableArguments {
  /// The ids of the named connections.
  @Option(
    name: .customLong("to"),
    help: ArgumentHelp("The connections with these ids, separated by commas.", valueName: "id,…")
  )
  public var ids: [IdentifierList] = []

  /// Whether all connections are chosen by name.
  @Flag(help: "All connections.")
  public var all = false

  @Option(
    name: .customLong("net"),
    help: ArgumentHelp(
      "Peers of this network: \(NetworkID.dialled.map(\.description).joined(separator: ", ")). May be repeated.",
      valueName: "network"
    ),
    completion: .list(NetworkID.dialled.map(\.description))
  )
  var networks: [NetworkID] = []

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp(
      "Peers with this address or in this range, such as 10.0.0.0/8. May be repeated.",
      valueName: "range"
    )
  )
  var ranges: [AddressRange] = []

  @Option(
    name: .customLong("agent"),
    help: ArgumentHelp(
      "Peers whose user agent contains this text, in any case. May be repeated.",
      valueName: "text"
    )
  )
  var agents: [String] = []

  @Option(
    help: ArgumentHelp(
      "Peers that offer all of these services, such as NETWORK,WITNESS or 0x409.",
      valueName: "services"
    ),
    completion: .list(ServiceFlags.known.names)
  )
  var offering: ServiceFlags?

  @Option(
    help: ArgumentHelp("Peers that offer none of these services.", valueName: "services"),
    completion: .list(ServiceFlags.known.names)
  )
  var lacking: ServiceFlags?

  /// Whether only connections opened by peers are chosen.
  @Flag(help: "Connections opened by peers.")
  public var inbound = false

  @Flag(help: "Connections opened by the connector.")
  var outbound = false

  @Option(
    help: ArgumentHelp("At most N of the chosen connections, picked at random.", valueName: "count")
  )
  var random: UInt32?

  /// Creates the options for their parser.
  public init() {}

  /// Refuses options that exclude one another.
  public func validate() throws {
    guard !inbound || !outbound else {
      throw ValidationError("--inbound and --outbound cannot be combined.")
    }
    guard ids.isEmpty || !all else { throw ValidationError("--to and --all cannot be combined.") }
    guard ids.isEmpty || !hasConditions else {
      throw ValidationError("--to cannot be combined with other options that choose connections.")
    }
    guard !all || !hasConditions else {
      throw ValidationError("--all cannot be combined with other options that choose connections.")
    }
    guard random != 0 else { throw ValidationError("--random must be 1 or more.") }
  }

  /// Whether any option is given.
  public var isGiven: Bool { all || !ids.isEmpty || hasConditions }

  /// The target that the options choose.
  ///
  /// - Parameter direction: the direction to choose if the options give none; nil for both.
  public func target(direction: Direction? = nil) -> ControlTarget {
    if !ids.isEmpty { return .connections(ids.flatMap(\.identifiers)) }
    guard hasConditions || direction != nil else { return .all }
    var filter = filter
    filter.direction = filter.direction ?? direction
    return .filter(filter)
  }

  private var hasConditions: Bool { filter != ConnectionFilter() }

  private var filter: ConnectionFilter {
    var filter = ConnectionFilter()
    if !networks.isEmpty { filter.networks = networks }
    if !ranges.isEmpty { filter.ranges = ranges }
    if !agents.isEmpty { filter.userAgents = agents.map { $0.lowercased() } }
    filter.services = offering
    filter.lackingServices = lacking
    if inbound != outbound { filter.direction = inbound ? .inbound : .outbound }
    filter.sample = random
    return filter
  }
}
