import ArgumentParser
import BitcoinWire
import ControlProtocol
import LogOptions
import Observations

/// The options that choose peers, shared by every command that concerns some of them.
///
/// Conditions of one kind are alternatives, those of several kinds hold together.
public struct TargetOptions: ParsableArguments {
  /// The ids of the connections that are named.
  @Option(
    name: .customLong("to"),
    help: ArgumentHelp("These connections, with commas between their ids.", valueName: "id,…")
  )
  public var ids: [IdentifierList] = []

  /// Whether all connections are asked for by name.
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
      "Peers with this address, or in this range, such as 10.0.0.0/8. May be repeated.",
      valueName: "range"
    )
  )
  var ranges: [AddressRange] = []

  @Option(
    name: .customLong("agent"),
    help: ArgumentHelp(
      "Peers whose user agent has this in it, whatever its case. May be repeated.",
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

  /// Whether only connections that peers opened are chosen.
  @Flag(help: "Connections that peers opened.")
  public var inbound = false

  @Flag(help: "Connections that we opened.")
  var outbound = false

  @Option(
    help: ArgumentHelp("At most so many of those that the rest chooses, drawn at random.", valueName: "count")
  )
  var random: UInt32?

  /// Creates the options for their parser.
  public init() {}

  /// Refuses options that exclude one another.
  public func validate() throws {
    guard !inbound || !outbound else {
      throw ValidationError("--inbound and --outbound exclude one another.")
    }
    guard ids.isEmpty || !all else { throw ValidationError("--to and --all exclude one another.") }
    guard ids.isEmpty || !hasConditions else {
      throw ValidationError("--to names the connections; no other option can choose among them.")
    }
    guard !all || !hasConditions else {
      throw ValidationError("--all is every connection; leave it out where other options choose.")
    }
    guard random != 0 else { throw ValidationError("--random is at least 1.") }
  }

  /// Whether anything is chosen.
  public var isGiven: Bool { all || !ids.isEmpty || hasConditions }

  /// What they choose.
  ///
  /// - Parameter direction: which end must have opened a connection, where the options do not say; nil for either.
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
