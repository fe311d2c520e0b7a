import ArgumentParser
import Commands
import ControlProtocol
import EventLoop
import Steering

/// `netmine nodes`: lists connections.
struct NodesCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes",
    abstract: "List the connections with their peers and traffic.",
    discussion: """
      For example:
        netmine nodes --outbound --sort=-ping --limit 10
        netmine nodes --agent satoshi:29 --columns id,address,agent,features
        netmine nodes --watch --sort=-in

      Columns: \(ConnectionColumn.allCases.map(\.rawValue).joined(separator: ", ")).
      Columns in and out count messages. Columns received and sent are the times since data was last \
      received, and since a message was last sent. --json prints all fields, whatever --columns says.
      """
  )

  @OptionGroup(title: "Which connections") var targets: TargetOptions

  @Option(
    name: .customLong("state"),
    help: ArgumentHelp(
      "Connections in this state. May be repeated.",
      valueName: "state"
    ),
    completion: .list(ConnectionInfo.State.allValueStrings)
  )
  var states: [ConnectionInfo.State] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sort by this column; -COLUMN sorts in descending order.", valueName: "column"),
    completion: .list(ConnectionColumn.allCases.map(\.rawValue))
  )
  var sort: NodeOrder?

  @Option(
    help: ArgumentHelp("The columns to print, separated by commas.", valueName: "column,…"),
    completion: .list(ConnectionColumn.allCases.map(\.rawValue))
  )
  var columns: NodeColumnList?

  @Option(help: ArgumentHelp("List at most N connections.", valueName: "count"))
  var limit: Int?

  @Flag(help: "Update the list until interrupted, or until q is pressed on a terminal.")
  var watch = false

  @Option(help: ArgumentHelp("Seconds between updates, with --watch.", valueName: "seconds"))
  var interval = 2.0

  @Option(help: ArgumentHelp("Stop after N updates, with --watch.", valueName: "count"))
  var count: Int?

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard limit ?? 1 > 0, count ?? 1 > 0 else {
      throw ValidationError("--limit and --count must be 1 or more.")
    }
    guard (0.1...3600).contains(interval) else {
      throw ValidationError("--interval must be 0.1 to 3600 seconds.")
    }
    guard watch || count == nil else { throw ValidationError("--count needs --watch.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      guard watch else { return try list(session, environment) }
      return try environment.onScreen(interval: interval, count: count) { (_) throws(ClientFailure) in
        let (connections, _) = try look(session)
        if environment.isJSON { return connections.map { .json(NodeTable.json($0)) } }
        let lines = NodeTable.lines(connections, columns?.columns ?? ConnectionColumn.usual, now: Clock.now())
        let title = "\(Quantity.counted(connections.count, "connection")), \(Quantity.time(Clock.now()))"
        return ([title] + lines).map { .text($0) }
      }
    }
  }

  private func list(_ session: ConnectorSession, _ environment: ClientEnvironment) throws(ClientFailure)
    -> ExitStatus
  {
    let (connections, missing) = try look(session)
    let status = environment.complain(missing: missing)
    if environment.isJSON {
      for connection in connections where !environment.output.isClosed {
        environment.output.line(NodeTable.json(connection))
      }
      return status
    }
    guard !connections.isEmpty else {
      let isNarrowed = targets.isGiven && !targets.all || !states.isEmpty
      environment.output.note(
        isNarrowed ? "No such connections." : "No connections. `netmine connect HOST` makes one."
      )
      return status
    }
    for line in NodeTable.lines(connections, columns?.columns ?? ConnectionColumn.usual, now: Clock.now()) {
      environment.output.line(line)
    }
    return status
  }

  private func look(_ session: ConnectorSession) throws(ClientFailure) -> (
    connections: [ConnectionInfo], missing: [UInt32]
  ) {
    let wanted = Set(states.isEmpty ? ConnectionInfo.State.allCases : states)
    let (found, missing) = try session.connections(targets, in: wanted)
    let sorted = sort?.sorted(found) ?? found
    return (limit.map { Array(sorted.prefix($0)) } ?? sorted, missing)
  }
}

extension ConnectionInfo.State: ExpressibleByArgument {

  /// The names of all states.
  public static var allValueStrings: [String] { allCases.map(\.description) }

  /// Parses a state's name, in any case.
  public init?(argument: String) {
    guard let state = Self.allCases.first(where: { $0.description == argument.lowercased() }) else {
      return nil
    }
    self = state
  }
}
