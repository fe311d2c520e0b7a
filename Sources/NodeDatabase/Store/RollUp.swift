import Store

/// The counts of a past hour or day. They are read by index, node by node, so that the cost depends on the
/// number of nodes and not on the length of their history.
struct RollUp {
  private let table: SQLTable
  /// The start of the last counted hour or day, in ns since the Unix epoch; nil if none was counted.
  private let last: Int64?
  private let begin: Int64
  private let end: Int64
  private var counts: [Count: Int64] = [:]
  /// Rows of `node_days`: the time that each node was up in the day.
  private var nodeDays: [[SQLValue]] = []

  private struct Count: Hashable {
    let dimension: String
    let value: String
  }

  /// Nodes read by one statement.
  private static let chunk: Int64 = 1 << 16

  /// Reads the next hour or day to count; nil if there is none yet.
  ///
  /// - Parameters:
  ///   - table: `hourly` or `daily`.
  ///   - span: the length of an hour or a day, in ns.
  ///   - now: ns since the Unix epoch.
  init?(_ session: any Database, _ table: SQLTable, _ span: Int64, now: UInt64) throws {
    self.table = table
    guard let first = try session.integer("SELECT min(time_ns) FROM changes") else { return nil }
    last = try session.integer("SELECT max(time_ns) FROM \(table.name)")
    // A row's time is the start of its hour or day; its count is the state at the end.
    var begin = last.map { $0 + span } ?? first / span * span
    while true {
      guard begin + span <= Int64(clamping: now) else { return nil }
      // Skip hours and days without observations: counts would claim that someone was watching.
      guard let seen = try Self.firstSeen(session, from: begin, to: begin + span) else { return nil }
      if seen < begin + span { break }
      begin = seen / span * span
    }
    (self.begin, end) = (begin, begin + span)
    try count(session)
    if span == Span.day { nodeDays = try session.rows(nodeDaysStatement) }
  }

  /// Writes the counts, unless another program has done so in the meantime.
  func write(_ session: any Database) throws {
    guard try session.integer("SELECT max(time_ns) FROM \(table.name)") == last else { return }
    let sorted = counts.sorted { ($0.key.dimension, $0.key.value) < ($1.key.dimension, $1.key.value) }
    let rows: [[SQLValue]] = sorted.map { count, nodes in
      [.integer(begin), .text(count.dimension), .text(count.value), .integer(nodes)]
    }
    try session.write(rows, to: table)
    try session.write(nodeDays, to: .nodeDays)
  }

  /// The time of the first observation from `begin` on; nil if there is none. Changes are read first, as they
  /// have an index.
  private static func firstSeen(_ session: any Database, from begin: Int64, to end: Int64) throws -> Int64? {
    let change = try session.integer("SELECT min(time_ns) FROM changes WHERE time_ns >= \(begin)")
    if let change, change < end { return change }
    let attempt = try session.integer("SELECT min(time_ns) FROM attempts WHERE time_ns >= \(begin)")
    return [change, attempt].compactMap { $0 }.min()
  }

  private mutating func count(_ session: any Database) throws {
    // So that there is a row even if no node was reachable.
    counts[Count(dimension: "total", value: "")] = 0
    let greatest = try session.integer("SELECT max(id) FROM nodes") ?? 0
    for low in stride(from: Int64(0), through: greatest, by: Int(Self.chunk)) {
      for row in try session.rows(Self.statement(nodes: low..<low + Self.chunk, before: end)) {
        // An unknown value and an empty one are counted together.
        let count = Count(dimension: row[0].description, value: row[1].description)
        counts[count, default: 0] += row[2].integer ?? 0
      }
    }
  }

  /// The expression for a column's value before a time; `node` is the node's id in SQL.
  private static func latest(_ column: NodeColumn, of node: String, before end: Int64) -> String {
    """
    (SELECT c.value FROM changes c WHERE c.node = \(node) AND c.field = '\(column.name)' AND c.time_ns < \(end) \
    ORDER BY c.time_ns DESC, c.id DESC LIMIT 1)
    """
  }

  /// The statement that counts nodes as they were before a time: dimension, value, number.
  static func statement(nodes: Range<Int64>, before end: Int64) -> String {
    let dimensions = Layout.dimensions.filter { NodeColumn.historical.contains($0) }.map {
      "\(latest($0, of: "past.id", before: end)) AS \($0.name)"
    }
    let counts = Layout.dimensions.map { dimension in
      "UNION ALL SELECT '\(dimension.name)', \(dimension.name), count(*) FROM up GROUP BY \(dimension.name)"
    }
    // A node that was neither tried nor reached has no state to read.
    return """
      WITH past AS (SELECT n.id, n.network, \
      CASE WHEN n.last_tried_ns IS NULL AND n.last_reached_ns IS NULL THEN 'untried' \
      ELSE coalesce(\(latest(.state, of: "n.id", before: end)), 'untried') END AS state \
      FROM nodes n WHERE n.id >= \(nodes.lowerBound) AND n.id < \(nodes.upperBound) AND n.first_advertised_ns < \(end)), \
      up AS (SELECT network, \(dimensions.joined(separator: ", ")) FROM past WHERE state = 'reachable') \
      SELECT 'state', state, count(*) FROM past GROUP BY state UNION ALL SELECT 'total', '', count(*) FROM up \
      \(counts.joined(separator: " "))
      """
  }

  /// The statement for the rows of `node_days`, from the states of each node at the start of the day and
  /// during it.
  private var nodeDaysStatement: String {
    """
    WITH states AS (\
    SELECT n.id AS node, \(Self.latest(.state, of: "n.id", before: begin)) AS value, \(begin) AS since, 0 AS id \
    FROM nodes n WHERE n.first_reached_ns IS NOT NULL \
    UNION ALL SELECT node, value, time_ns, id FROM changes \
    WHERE field = 'state' AND time_ns >= \(begin) AND time_ns < \(end)), \
    spans AS (SELECT node, value, since, lead(since, 1, \(end)) OVER (PARTITION BY node ORDER BY since, id) AS until \
    FROM states) \
    SELECT \(begin), node, CAST(sum(until - since) AS BIGINT) FROM spans \
    WHERE value = 'reachable' AND until > \(begin) GROUP BY node
    """
  }
}
