import ArgumentParser
import BitcoinWire
import Commands
import EventLoop
import LogOptions
import LogText
import NodeDatabase
import Observations

/// `netmine nodes-db list`: lists nodes, as they are or as they were.
struct NodesDBListCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List nodes, as they are or as they were.",
    discussion: """
      For example:
        netmine nodes-db --reachable --country DE --sort=-height --limit 20
        netmine nodes-db --at 2026-01-31T12:00 --state full --csv

      Columns: \(NodeColumn.allCases.map(\.name).joined(separator: ", ")). --json prints all of them unless \
      --columns is given.
      """
  )

  @OptionGroup(title: "Which nodes") var filter: NodesDBFilter

  @Option(help: ArgumentHelp("The columns, separated by commas.", valueName: "column,…"))
  var columns: NodesDBColumns?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sort by this column; with - before it, largest first.", valueName: "column")
  )
  var sort: NodesDBOrder?

  @Option(help: ArgumentHelp("Most nodes to show.", valueName: "count"))
  var limit: Int?

  @OptionGroup var counting: NodesDBOnce

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let shown = columns?.columns ?? (format.json ? NodeColumn.allCases : NodesDBColumns.usual)
    return try withStore(environment) { store throws(NodeStoreError) in
      var query = filter.query
      query.limit = limit
      query.order = sort.map { ($0.column, $0.isDescending) }
      query.excluded = try store.others(of: counting.groups(store), among: query)
      var rows = NodesDBRows(shown.map(\.name), format, environment.output)
      var count = 0
      try store.nodes(query) { node in
        count += 1
        return rows.add(shown.map { node[$0] })
      }
      if count == 0, !format.json, !format.csv {
        environment.output.note("No such nodes.")
      } else {
        rows.finish()
      }
    }
  }
}

/// `netmine nodes-db diff`: shows the changes between two times.
struct NodesDBDiffCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show the changes between two times: nodes that came, nodes that went, other changes.",
    discussion: """
      For example: netmine nodes-db diff -7d now --summary

      A value that changed and changed back is left out; `netmine nodes-db history` lists every change.
      """
  )

  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp("Two times, the earlier first.", valueName: "from to")
  )
  var bounds: [String]

  @Flag(help: "Print only the counts.")
  var summary = false

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  private var times: [TimeBound] { bounds.compactMap { TimeBound(argument: $0) } }

  func validate() throws {
    let times = times
    guard bounds.count == 2, times.count == 2 else {
      throw ValidationError("Name two times: ISO 8601, @ and Unix seconds, an age such as -2d, or now.")
    }
    guard times[0].time <= times[1].time else { throw ValidationError("Name the earlier time first.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let (from, to) = (times[0].time, times[1].time)
    return try withStore(environment) { store throws(NodeStoreError) in
      let changes = NodeChange.net(try store.history(nil, after: from, through: to))
      let reachable = NodeState.reachable.rawValue
      let states = changes.filter { $0.field == "state" }
      let came = states.count { $0.value == reachable }
      let went = states.count { $0.old == reachable }
      if !summary {
        var rows = NodesDBRows(["endpoint", "field", "old", "value"], format, environment.output)
        for change in changes {
          guard
            rows.add([
              .text(change.endpoint), .text(change.field), .optional(change.old), .optional(change.value),
            ])
          else { break }
        }
        if !changes.isEmpty || format.csv { rows.finish() }
      }
      let words = "\(came) came, \(went) went, \(changes.count - states.count) other changes"
      if summary { environment.output.line(words) } else { environment.output.note(words) }
    }
  }
}

/// `netmine nodes-db history`: lists the events of one node.
struct NodesDBHistoryCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "List all known events of one node.",
    discussion: """
      For example: netmine nodes-db history 192.0.2.7:8333

      Lists its changes, its attempts as far as they are kept, and its advertisers, in order of time.
      """
  )

  @Argument(help: ArgumentHelp("The node's address and port.", valueName: "endpoint"))
  var endpoint: Endpoint

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var isKnown = false
    let status = try withStore(environment) { store throws(NodeStoreError) in
      var events: [(time: UInt64, values: [String?])] = []
      for change in try store.history(endpoint) {
        events.append((change.time, ["changed", change.field, change.old, change.value]))
      }
      for attempt in try store.attempts(endpoint) {
        events.append(
          (attempt.time, ["tried", attempt.state, nil, attempt.reason.isEmpty ? nil : attempt.reason])
        )
      }
      for advertiser in try store.advertisers(endpoint) {
        events.append(
          (advertiser.first, ["advertised", "\(advertiser.times) times", nil, advertiser.endpoint])
        )
      }
      isKnown = !events.isEmpty
      var rows = NodesDBRows(["time_ns", "event", "what", "old", "value"], format, environment.output)
      let order = events.indices.sorted { (events[$0].time, $0) < (events[$1].time, $1) }
      for event in order.map({ events[$0] }) {
        guard rows.add([.number(event.time)] + event.values.map { .optional($0) }) else { break }
      }
      if isKnown { rows.finish() }
    }
    guard isKnown else { throw ClientFailure(.someFailed, "Nothing is known of \(endpoint).") }
    return status
  }
}

/// `netmine nodes-db view`: shows a predefined view.
struct NodesDBViewCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Show a predefined view: nodes by user agent, churn, uptime, counts over time, ….",
    discussion: """
      Views: \(NodeStore.viewNames.joined(separator: ", ")). With --once: \
      \(NodeStore.countedViewNames.joined(separator: ", ")).
      """
  )

  @Argument(help: ArgumentHelp("The view.", valueName: "name"), completion: .list(NodeStore.viewNames))
  var name: String

  @Option(help: ArgumentHelp("Most rows to show.", valueName: "count"))
  var limit: Int?

  @OptionGroup var counting: NodesDBOnce

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  func validate() throws {
    guard NodeStore.viewNames.contains(name) else {
      throw ValidationError("The views are \(NodeStore.viewNames.joined(separator: ", ")).")
    }
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more.") }
    guard !counting.once || NodeStore.countedViewNames.contains(name) else {
      throw ValidationError("--once is only for \(NodeStore.countedViewNames.joined(separator: ", ")).")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try withStore(environment) { store throws(NodeStoreError) in
      var query = NodeQuery()
      query.states = [.reachable]
      let others = try store.others(of: counting.groups(store), among: query)
      let (columns, found) = try store.view(name, limit: limit ?? .max, without: others)
      var rows = NodesDBRows(columns, format, environment.output)
      for row in found where !rows.add(row) { break }
      rows.finish()
    }
  }
}
