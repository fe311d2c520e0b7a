import Store

/// The layout of the database and its migrations, with the same SQL for SQLite and PostgreSQL.
enum Layout {
  /// The statements that migrate the database from each layout to the next; the first entry starts from
  /// nothing. An entry never changes after its release: append a new one.
  static let migrations: [[String]] = [first, second]

  /// The columns that later layouts added to a table, in the order of the layouts.
  private static let added: [String: [(name: String, type: String)]] = [
    "nodes": [("cause", "TEXT"), ("cause_code", "BIGINT")],
    "attempts": [("cause", "TEXT"), ("cause_code", "BIGINT")],
  ]

  /// The causes of failures as names and codes (docs/log-format.md), beside their words. The view `nodes_now` stays as it
  /// is: reachable nodes have no cause, and an operator's own views may depend on it.
  private static let second = added.sorted { $0.key < $1.key }.flatMap { table, columns in
    columns.map { "ALTER TABLE \(table) ADD COLUMN \($0.name) \($0.type)" }
  }

  private static let first =
    SQLTable.all.map { table in
      let later = added[table.name]?.map(\.name) ?? []
      return SQLTable(
        name: table.name,
        columns: table.columns.filter { !later.contains($0.name) },
        key: table.key
      )
      .creation
    } + [
      // Only reachable nodes are indexed: most others never answer, and there are many of them.
      "CREATE INDEX nodes_reachable ON nodes (state) WHERE state = 'reachable'",
      "CREATE INDEX changes_node ON changes (node, field, time_ns)",
      "CREATE INDEX changes_time ON changes (time_ns)",
      "CREATE INDEX attempts_node ON attempts (node)",
      "CREATE INDEX snapshot_nodes_snapshot ON snapshot_nodes (snapshot)",
    ] + views

  /// The columns by which nodes are counted, in the current views and in hourly and daily roll-ups.
  static let dimensions: [NodeColumn] = [.network, .userAgent, .version, .services, .country, .asn, .species]

  private static let views: [String] =
    [
      "CREATE VIEW nodes_now AS SELECT * FROM nodes WHERE state = 'reachable'",
      """
      CREATE VIEW by_state AS SELECT state, count(*) AS nodes FROM nodes GROUP BY state ORDER BY nodes DESC
      """,
      """
      CREATE VIEW heights AS SELECT height, count(*) AS nodes FROM nodes_now GROUP BY height ORDER BY height DESC
      """,
      """
      CREATE VIEW churn AS SELECT time_ns / \(Span.day) * \(Span.day / 1_000_000_000) AS day, \
      CAST(sum(CASE WHEN value = 'reachable' THEN 1 ELSE 0 END) AS BIGINT) AS came, \
      CAST(sum(CASE WHEN old = 'reachable' THEN 1 ELSE 0 END) AS BIGINT) AS went \
      FROM changes WHERE field = 'state' GROUP BY time_ns / \(Span.day) ORDER BY day
      """,
      """
      CREATE VIEW uptime AS SELECT n.endpoint, n.network, n.user_agent, count(*) AS days, \
      CAST(sum(d.up_ns) AS BIGINT) / 1000000000 AS up_s, \
      CAST(sum(d.up_ns) / (\(Span.day).0 * count(*)) AS DOUBLE PRECISION) AS share \
      FROM node_days d JOIN nodes n ON n.id = d.node GROUP BY n.id, n.endpoint, n.network, n.user_agent \
      ORDER BY up_s DESC, n.endpoint
      """,
      """
      CREATE VIEW advertisers AS SELECT n.endpoint, n.state, count(*) AS addresses, \
      CAST(sum(CASE WHEN a.first_reached_ns IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT) AS reached, \
      CAST(sum(CASE WHEN a.attempts > 0 THEN 1 ELSE 0 END) AS BIGINT) AS tried \
      FROM advertisements v JOIN nodes n ON n.id = v.advertiser JOIN nodes a ON a.id = v.node \
      GROUP BY n.id, n.endpoint, n.state ORDER BY addresses DESC, n.endpoint
      """,
      "CREATE VIEW reachable_over_time AS SELECT time_ns, nodes FROM daily WHERE dimension = 'total' ORDER BY time_ns",
      "CREATE VIEW reachable_by_hour AS SELECT time_ns, nodes FROM hourly WHERE dimension = 'total' ORDER BY time_ns",
    ]
    + dimensions.flatMap { dimension in
      [
        """
        CREATE VIEW by_\(dimension.name) AS SELECT \(dimension.name), count(*) AS nodes FROM nodes_now \
        GROUP BY \(dimension.name) ORDER BY nodes DESC, \(dimension.name)
        """,
        """
        CREATE VIEW \(dimension.name)_over_time AS SELECT time_ns, value AS \(dimension.name), nodes \
        FROM daily WHERE dimension = '\(dimension.name)' ORDER BY time_ns, nodes DESC
        """,
      ]
    }

  /// The query of a predefined view; nil if there is no view of that name.
  static func definition(of view: String) -> String? {
    let beginning = "CREATE VIEW \(view) AS "
    return views.first { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count)) }
  }

  /// The names of the predefined views.
  static var viewNames: [String] { views.map { String($0.split(separator: " ")[2]) }.sorted() }
}

/// Lengths of time in ns.
enum Span {
  /// An hour.
  static let hour: Int64 = 3_600_000_000_000
  /// A day.
  static let day: Int64 = 86_400_000_000_000
}
