import BitcoinWire
import Observations
import Store

/// The past as the changes tell it.
enum Past {
  /// The statement whose rows are the nodes as they were, with all columns of `nodes`: those that have a history and those
  /// that never change; the others are null.
  ///
  /// - Parameter time: ns since the Unix epoch; what changed at this very time counts.
  static func statement(at time: Int64) -> String {
    let latest = NodeColumn.historical.map { column in
      let value = "max(CASE WHEN field = '\(column.name)' THEN value END)"
      return "\(column.isInteger ? "CAST(\(value) AS BIGINT)" : value) AS \(column.name)"
    }
    let columns = NodeColumn.allCases.map { column -> String in
      if column == .state { return "coalesce(was.state, 'untried') AS state" }
      if NodeColumn.historical.contains(column) { return "was.\(column.name) AS \(column.name)" }
      guard NodeColumn.constant.contains(column) else {
        let type = column.type.split(separator: " NOT")[0]
        return "CAST(NULL AS \(type)) AS \(column.name)"
      }
      guard column == .firstTried || column == .firstReached else {
        return "n.\(column.name) AS \(column.name)"
      }
      return "CASE WHEN n.\(column.name) <= \(time) THEN n.\(column.name) END AS \(column.name)"
    }
    return """
      SELECT \(columns.joined(separator: ", ")) FROM nodes n LEFT JOIN (\
      SELECT node, \(latest.joined(separator: ", ")) FROM (\
      SELECT node, field, value, row_number() OVER (PARTITION BY node, field ORDER BY time_ns DESC, id DESC) AS place \
      FROM changes WHERE time_ns <= \(time)) AS every_one WHERE place = 1 GROUP BY node) AS was ON was.node = n.id \
      WHERE n.first_advertised_ns <= \(time)
      """
  }
}

/// Which nodes are asked for; what is empty or nil does not narrow.
public struct NodeQuery: Sendable {
  /// Any of these states.
  public var states: [NodeState] = []
  /// Any of these networks, by name: `ipv4`, `onion`, ….
  public var networks: [String] = []
  /// User agents with this in them, whatever the case.
  public var agent: String?
  /// All of these services.
  public var services: ServiceFlags = []
  /// Any of these countries.
  public var countries: [String] = []
  /// Any of these autonomous systems.
  public var asns: [UInt32] = []
  /// Any of these species.
  public var species: [String] = []
  /// The column that they are ordered by, and whether the largest come first; then by endpoint.
  public var order: (column: NodeColumn, isDescending: Bool)?
  /// At most so many.
  public var limit: Int?
  /// Those whose endpoint's text comes after this one, as the database orders them: the next page, where there is no
  /// other order.
  public var after: String?
  /// As of when, in ns since the Unix epoch; nil for now.
  public var time: UInt64?
  /// Any of these, by number in the database.
  var included: [Int64] = []
  /// None of these, by number in the database.
  public var excluded: [Int64] = []

  /// All nodes as they are now.
  public init() {}

  /// The statement that finds them.
  var statement: String {
    var conditions: [String] = []
    func any(_ column: String, _ values: [String]) {
      if !values.isEmpty { conditions.append("\(column) IN (\(values.joined(separator: ", ")))") }
    }
    any("state", states.map { SQL.literal($0.rawValue) })
    any("network", networks.map(SQL.literal))
    any("country", countries.map(SQL.literal))
    any("species", species.map(SQL.literal))
    any("asn", asns.map { "\($0)" })
    if let agent {
      // Neither database's LIKE, whose wildcards and cases differ.
      let text = SQL.literal(agent.lowercased())
      conditions.append("replace(lower(user_agent), \(text), '') <> lower(user_agent)")
    }
    if !services.isEmpty {
      let bits = Int64(bitPattern: services.rawValue)
      conditions.append("services & \(bits) = \(bits)")
    }
    any("id", included.map { "\($0)" })
    if !excluded.isEmpty {
      conditions.append("id NOT IN (\(excluded.map { "\($0)" }.joined(separator: ", ")))")
    }
    if let after { conditions.append("endpoint > \(SQL.literal(after))") }
    let names = NodeColumn.allCases.map(\.name).joined(separator: ", ")
    let source = time.map { "(\(Past.statement(at: Int64(clamping: $0)))) AS past" } ?? "nodes"
    var sql = "SELECT \(names) FROM \(source)"
    if !conditions.isEmpty { sql += " WHERE " + conditions.joined(separator: " AND ") }
    sql += " ORDER BY "
    if let order {
      sql +=
        "CASE WHEN \(order.column.name) IS NULL THEN 1 ELSE 0 END, \(order.column.name)"
        + "\(order.isDescending ? " DESC" : ""), "
    }
    sql += "endpoint"
    if let limit { sql += " LIMIT \(limit)" }
    return sql
  }
}

/// A change of a node.
public struct NodeChange: Sendable, Equatable {
  /// When, in ns since the Unix epoch.
  public var time: UInt64
  /// Whose.
  public var endpoint: String
  /// The column.
  public var field: String
  /// What it held before; nil for nothing.
  public var old: String?
  /// What it held then.
  public var value: String?
}

extension NodeStore {
  /// Gives the nodes asked for.
  ///
  /// - Parameter body: takes one; says whether to go on.
  public func nodes(_ query: NodeQuery, _ body: (NodeRecord) throws -> Bool) throws(NodeStoreError) {
    try read { try $0.forEachRow(query.statement) { try body(NodeRecord($0)) } }
  }

  /// The nodes asked for.
  public func nodes(_ query: NodeQuery = NodeQuery()) throws(NodeStoreError) -> [NodeRecord] {
    var nodes: [NodeRecord] = []
    try self.nodes(query) {
      nodes.append($0)
      return true
    }
    return nodes
  }

  /// Everything that changed of one node, in order; of all of them where none is named.
  ///
  /// - Parameters:
  ///   - after: from then on, in ns since the Unix epoch, itself not included.
  ///   - through: until then, itself included.
  public func history(_ endpoint: Endpoint?, after: UInt64 = 0, through: UInt64 = .max) throws(NodeStoreError)
    -> [NodeChange]
  {
    let who = endpoint.map { " AND n.endpoint = \(SQL.literal("\($0)"))" } ?? ""
    return try read { session in
      try session.rows(
        """
        SELECT c.time_ns, n.endpoint, c.field, c.old, c.value FROM changes c JOIN nodes n ON n.id = c.node \
        WHERE c.time_ns > \(Int64(clamping: after)) AND c.time_ns <= \(Int64(clamping: through))\(who) \
        ORDER BY c.time_ns, c.id
        """
      ).map {
        NodeChange(
          time: UInt64(clamping: $0[0].integer ?? 0),
          endpoint: $0[1].description,
          field: $0[2].description,
          old: $0[3].string,
          value: $0[4].string
        )
      }
    }
  }

  /// The attempts to reach a node that are kept, in order: time in ns since the Unix epoch, what it showed, the reason.
  public func attempts(_ endpoint: Endpoint) throws(NodeStoreError) -> [(
    time: UInt64, state: String, reason: String
  )] {
    try read { session in
      try session.rows(
        """
        SELECT a.time_ns, a.state, a.reason FROM attempts a JOIN nodes n ON n.id = a.node \
        WHERE n.endpoint = \(SQL.literal("\(endpoint)")) ORDER BY a.time_ns
        """
      ).map { (UInt64(clamping: $0[0].integer ?? 0), $0[1].description, $0[2].description) }
    }
  }

  /// Who advertised a node, as far as it is kept, the first first.
  public func advertisers(_ endpoint: Endpoint) throws(NodeStoreError) -> [(
    endpoint: String, first: UInt64, last: UInt64, times: Int
  )] {
    try read { session in
      try session.rows(
        """
        SELECT w.endpoint, a.first_ns, a.last_ns, a.times FROM advertisements a JOIN nodes n ON n.id = a.node \
        JOIN nodes w ON w.id = a.advertiser WHERE n.endpoint = \(SQL.literal("\(endpoint)")) \
        ORDER BY a.first_ns, w.endpoint
        """
      ).map {
        (
          $0[0].description, UInt64(clamping: $0[1].integer ?? 0), UInt64(clamping: $0[2].integer ?? 0),
          Int($0[3].integer ?? 0)
        )
      }
    }
  }

  /// The names of the ready-made views.
  public static var viewNames: [String] { Layout.viewNames }

  /// The names of the ready-made views of nodes that are reachable now: each of these can be left out there.
  public static var countedViewNames: [String] {
    viewNames.filter { Layout.definition(of: $0)?.contains(" FROM nodes_now") == true || $0 == "nodes_now" }
  }

  /// What a ready-made view shows: its columns, and at most so many rows.
  ///
  /// - Parameter nodes: numbers of nodes that are left out, in views of `countedViewNames`.
  public func view(_ name: String, limit: Int = .max, without nodes: [Int64] = []) throws(NodeStoreError) -> (
    columns: [String], rows: [[SQLValue]]
  ) {
    guard let definition = Layout.definition(of: name) else {
      throw NodeStoreError("there is no view \(name)")
    }
    var sql = "SELECT * FROM \(name)"
    if !nodes.isEmpty {
      guard Self.countedViewNames.contains(name) else {
        throw NodeStoreError("nobody can be left out in \(name)")
      }
      let numbers = nodes.map { "\($0)" }.joined(separator: ", ")
      // What the view selects from is what has this name here, rather than the view of that name.
      sql = """
        WITH nodes_now AS (SELECT * FROM nodes WHERE state = 'reachable' AND id NOT IN (\(numbers))) \
        \(name == "nodes_now" ? sql : definition)
        """
    }
    if limit != .max { sql += " LIMIT \(limit)" }
    return try read { (try $0.columns(sql), try $0.rows(sql)) }
  }

  /// Of each group the members that are asked for, but for the first of these.
  ///
  /// - Parameter groups: numbers of nodes, those that stand for the others first.
  public func others(of groups: [[Int64]], among query: NodeQuery) throws(NodeStoreError) -> [Int64] {
    guard !groups.isEmpty else { return [] }
    var narrowed = query
    narrowed.included = groups.flatMap { $0 }
    narrowed.limit = nil
    let matching = Set(try nodes(narrowed).compactMap { $0[.id].integer })
    return groups.flatMap { $0.filter { matching.contains($0) }.dropFirst() }
  }
}

extension NodeStore {
  /// The snapshots, in the order in which they were taken.
  public func snapshots() throws(NodeStoreError) -> [(id: Int64, time: UInt64, reachable: Int)] {
    try read { session in
      try session.rows("SELECT id, time_ns, reachable FROM snapshots ORDER BY id").map {
        ($0[0].integer ?? 0, UInt64(clamping: $0[1].integer ?? 0), Int($0[2].integer ?? 0))
      }
    }
  }

  /// The nodes of a snapshot, by endpoint: what it keeps of them, what never changes, and where they are; the rest is null.
  public func snapshotNodes(_ id: Int64) throws(NodeStoreError) -> [NodeRecord] {
    let kept = Set(SQLTable.snapshotNodes.columns.map(\.name))
    let places: Set<NodeColumn> = [.city, .latitude, .longitude, .timeZone, .organization, .hostname]
    let columns = NodeColumn.allCases.map { column in
      if column == .state { return "'reachable'" }
      if kept.contains(column.name) { return "s.\(column.name)" }
      return NodeColumn.constant.contains(column) || places.contains(column) ? "n.\(column.name)" : "NULL"
    }
    return try read { session in
      try session.rows(
        """
        SELECT \(columns.joined(separator: ", ")) FROM snapshot_nodes s JOIN nodes n ON n.id = s.node \
        WHERE s.snapshot = \(id) ORDER BY n.endpoint
        """
      ).map { NodeRecord($0) }
    }
  }
}

extension NodeChange {
  /// What changes in order amount to: for each node and column its value before all of them and after, where these
  /// differ; by endpoint, then column.
  public static func net(_ changes: [NodeChange]) -> [NodeChange] {
    struct Key: Hashable {
      let endpoint: String
      let field: String
    }
    var result: [Key: NodeChange] = [:]
    for change in changes {
      let key = Key(endpoint: change.endpoint, field: change.field)
      if result[key] == nil {
        result[key] = change
      } else {
        result[key]!.value = change.value
        result[key]!.time = change.time
      }
    }
    return result.values.filter { $0.old != $0.value }
      .sorted { ($0.endpoint, $0.field) < ($1.endpoint, $1.field) }
  }
}
