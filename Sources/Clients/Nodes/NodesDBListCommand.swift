import ArgumentParser
import BitcoinWire
import Commands
import EventLoop
import LogOptions
import LogText
import NodeDatabase
import Observations

/// `netmine nodes-db list`: nodes, now or at any time.
struct NodesDBListCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List nodes, as they are or as they were.",
    discussion: """
      For example:
        netmine nodes-db --reachable --country DE --sort=-height --limit 20
        netmine nodes-db --at 2026-01-31T12:00 --state full --csv

      Columns: \(NodeColumn.allCases.map(\.name).joined(separator: ", ")). --json tells all of them where no \
      columns are named.
      """
  )

  @OptionGroup(title: "Which nodes") var filter: NodesDBFilter

  @Option(help: ArgumentHelp("The columns, with commas between them.", valueName: "column,…"))
  var columns: NodesDBColumns?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Order by this column; with - before it, the largest first.", valueName: "column")
  )
  var sort: NodesDBOrder?

  @Option(help: ArgumentHelp("Show at most so many.", valueName: "count"))
  var limit: Int?

  @OptionGroup var counting: NodesDBOnce

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit is at least 1.") }
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

/// `netmine nodes-db diff`: what changed between two times.
struct NodesDBDiffCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Tell what is different between two times: who came, who went, what changed.",
    discussion: """
      For example: netmine nodes-db diff -7d now --summary

      What was different in between and is as it was before is left out; `netmine nodes-db history` tells all of it.
      """
  )

  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp("Two times, the earlier first.", valueName: "from to")
  )
  var bounds: [String]

  @Flag(help: "Count only.")
  var summary = false

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  private var times: [TimeBound] { bounds.compactMap { TimeBound(argument: $0) } }

  func validate() throws {
    let times = times
    guard bounds.count == 2, times.count == 2 else {
      throw ValidationError("Name two times: ISO 8601, @ and Unix seconds, an age such as -2d, now.")
    }
    guard times[0].time <= times[1].time else { throw ValidationError("The earlier time comes first.") }
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

/// `netmine nodes-db history`: all that happened to one node.
struct NodesDBHistoryCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Tell everything that is known to have happened to one node.",
    discussion: """
      For example: netmine nodes-db history 192.0.2.7:8333

      Its changes, the attempts that are still kept, and who advertised it, by time.
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

/// `netmine nodes-db view`: a ready-made view.
struct NodesDBViewCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Show a ready-made view: nodes by user agent, churn, uptime, over time, ….",
    discussion: """
      Views: \(NodeStore.viewNames.joined(separator: ", ")). With --once: \
      \(NodeStore.countedViewNames.joined(separator: ", ")).
      """
  )

  @Argument(help: ArgumentHelp("The view.", valueName: "name"), completion: .list(NodeStore.viewNames))
  var name: String

  @Option(help: ArgumentHelp("Show at most so many rows.", valueName: "count"))
  var limit: Int?

  @OptionGroup var counting: NodesDBOnce

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  func validate() throws {
    guard NodeStore.viewNames.contains(name) else {
      throw ValidationError("Views are \(NodeStore.viewNames.joined(separator: ", ")).")
    }
    guard limit ?? 1 > 0 else { throw ValidationError("--limit is at least 1.") }
    guard !counting.once || NodeStore.countedViewNames.contains(name) else {
      throw ValidationError("--once goes with \(NodeStore.countedViewNames.joined(separator: ", ")).")
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
