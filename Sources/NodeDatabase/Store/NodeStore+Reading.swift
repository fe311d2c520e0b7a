import BitcoinWire
import Observations
import Store

/// The past, reconstructed from the changes.
enum Past {
  /// The statement that selects the nodes as they were at a time, with all columns of `nodes`. Columns with a
  /// history and columns that never change have values; the others are null.
  ///
  /// - Parameter time: ns since the Unix epoch; a change at exactly this time counts.
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

/// A query for nodes. A condition that is empty or nil matches every node.
public struct NodeQuery: Sendable {
  /// Any of these states.
  public var states: [NodeState] = []
  /// Any of these networks, by name: `ipv4`, `onion`, ….
  public var networks: [String] = []
  /// User agents that contain this text; case is ignored.
  public var agent: String?
  /// All of these services.
  public var services: ServiceFlags = []
  /// Any of these countries.
  public var countries: [String] = []
  /// Any of these autonomous systems.
  public var asns: [UInt32] = []
  /// Any of these species.
  public var species: [String] = []
  /// The column to sort by, and whether in descending order. Equal values are sorted by endpoint.
  public var order: (column: NodeColumn, isDescending: Bool)?
  /// The most nodes to return.
  public var limit: Int?
  /// Endpoints whose text sorts after this one: the next page, if `order` is nil.
  public var after: String?
  /// The time of the state to query, in ns since the Unix epoch; nil for now.
  public var time: UInt64?
  /// Any of these ids in the database.
  var included: [Int64] = []
  /// None of these ids in the database.
  public var excluded: [Int64] = []

  /// Creates a query for all nodes as they are now.
  public init() {}

  /// The SELECT statement.
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
      // LIKE differs between the databases in wildcards and case.
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
  /// When it was observed, in ns since the Unix epoch.
  public var time: UInt64
  /// The node.
  public var endpoint: String
  /// The column.
  public var field: String
  /// The value before; nil if there was none.
  public var old: String?
  /// The value after; nil if there is none.
  public var value: String?
}

extension NodeStore {
  /// Calls `body` with each matching node.
  ///
  /// - Parameter body: returns whether to continue.
  public func nodes(_ query: NodeQuery, _ body: (NodeRecord) throws -> Bool) throws(NodeStoreError) {
    try read { try $0.forEachRow(query.statement) { try body(NodeRecord($0)) } }
  }

  /// Returns the matching nodes.
  public func nodes(_ query: NodeQuery = NodeQuery()) throws(NodeStoreError) -> [NodeRecord] {
    var nodes: [NodeRecord] = []
    try self.nodes(query) {
      nodes.append($0)
      return true
    }
    return nodes
  }

  /// The changes of one node in order of time; of all nodes if `endpoint` is nil.
  ///
  /// - Parameters:
  ///   - after: the start in ns since the Unix epoch, itself excluded.
  ///   - through: the end in ns since the Unix epoch, itself included.
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

  /// The kept attempts at a node in order of time, with their times in ns since the Unix epoch.
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

  /// The kept advertisers of a node in order of their first advertisement.
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

  /// The names of the predefined views.
  public static var viewNames: [String] { Layout.viewNames }

  /// The names of the predefined views of reachable nodes, in which nodes can be left out.
  public static var countedViewNames: [String] {
    viewNames.filter { Layout.definition(of: $0)?.contains(" FROM nodes_now") == true || $0 == "nodes_now" }
  }

  /// The columns and rows of a predefined view.
  ///
  /// - Parameters:
  ///   - limit: the most rows to return.
  ///   - nodes: ids of nodes to leave out, in views of `countedViewNames`.
  public func view(_ name: String, limit: Int = .max, without nodes: [Int64] = []) throws(NodeStoreError) -> (
    columns: [String], rows: [[SQLValue]]
  ) {
    guard let definition = Layout.definition(of: name) else {
      throw NodeStoreError("there is no view \(name)")
    }
    var sql = "SELECT * FROM \(name)"
    if !nodes.isEmpty {
      guard Self.countedViewNames.contains(name) else {
        throw NodeStoreError("nodes cannot be left out in \(name)")
      }
      let numbers = nodes.map { "\($0)" }.joined(separator: ", ")
      // In the view's query, this name takes precedence over the view `nodes_now`.
      sql = """
        WITH nodes_now AS (SELECT * FROM nodes WHERE state = 'reachable' AND id NOT IN (\(numbers))) \
        \(name == "nodes_now" ? sql : definition)
        """
    }
    if limit != .max { sql += " LIMIT \(limit)" }
    return try read { (try $0.columns(sql), try $0.rows(sql)) }
  }

  /// For each group, the members that match the query, except for the first one.
  ///
  /// - Parameter groups: ids of nodes; the one that represents the group comes first.
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
  /// The snapshots in the order in which they were taken.
  public func snapshots() throws(NodeStoreError) -> [(id: Int64, time: UInt64, reachable: Int)] {
    try read { session in
      try session.rows("SELECT id, time_ns, reachable FROM snapshots ORDER BY id").map {
        ($0[0].integer ?? 0, UInt64(clamping: $0[1].integer ?? 0), Int($0[2].integer ?? 0))
      }
    }
  }

  /// The nodes of a snapshot in order of endpoint: its own columns, the columns that never change, and the
  /// current location. Other columns are null.
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
  /// The net effect of changes that are in order of time: for each node and column the first old value and
  /// the last new one, if they differ. The result is in order of endpoint, then column.
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
