import Store

/// The tables of the node database.
extension SQLTable {
  static let nodes = SQLTable(
    name: "nodes",
    columns: NodeColumn.allCases.map { ($0.name, $0.type) },
    key: ["id"]
  )
  /// The columns of known nodes that may change.
  static let knownNodes = changes(in: NodeColumn.allCases.filter { !NodeColumn.identity.contains($0) })
  /// The columns of known nodes that may change if they are only advertised.
  static let advertisedNodes = changes(in: NodeColumn.advertised)

  private static func changes(in columns: [NodeColumn]) -> SQLTable {
    SQLTable(name: "nodes", columns: ([.id] + columns).map { ($0.name, $0.type) }, key: ["id"])
  }

  static let changes = SQLTable(
    name: "changes",
    columns: [
      ("id", "BIGINT PRIMARY KEY"), ("time_ns", "BIGINT NOT NULL"), ("node", "BIGINT NOT NULL"),
      ("field", "TEXT NOT NULL"), ("old", "TEXT"), ("value", "TEXT"),
    ]
  )
  static let attempts = SQLTable(
    name: "attempts",
    columns: [
      ("node", "BIGINT NOT NULL"), ("time_ns", "BIGINT NOT NULL"), ("state", "TEXT NOT NULL"),
      ("reason", "TEXT"),
      ("connect_ns", "BIGINT"), ("handshake_ns", "BIGINT"), ("cause", "TEXT"), ("cause_code", "BIGINT"),
    ]
  )
  /// Ordered by advertiser: the rows of one `addr` message are written in one place, although its nodes are
  /// not.
  static let advertisements = SQLTable(
    name: "advertisements",
    columns: [
      ("advertiser", "BIGINT NOT NULL"), ("node", "BIGINT NOT NULL"), ("first_ns", "BIGINT NOT NULL"),
      ("last_ns", "BIGINT NOT NULL"), ("times", "BIGINT NOT NULL"), ("claimed_ns", "BIGINT"),
    ],
    key: ["advertiser", "node"]
  )
  /// The endpoints of a batch. The table belongs to one connection, and is empty between transactions.
  static let wanted = SQLTable(name: "wanted", columns: [("place", "BIGINT"), ("endpoint", "TEXT")])
  /// The advertisements of a batch. The table belongs to one connection, and is empty between transactions.
  static let wantedAdvertisements = SQLTable(
    name: "wanted_advertisements",
    columns: [("advertiser", "BIGINT"), ("node", "BIGINT")]
  )
  /// The temporary tables of a connection.
  static let temporary = [wanted, wantedAdvertisements]
  static let snapshots = SQLTable(
    name: "snapshots",
    columns: [
      ("id", "BIGINT PRIMARY KEY"), ("time_ns", "BIGINT NOT NULL"), ("reachable", "BIGINT NOT NULL"),
    ]
  )
  static let snapshotNodes = SQLTable(
    name: "snapshot_nodes",
    columns: [
      ("snapshot", "BIGINT NOT NULL"), ("node", "BIGINT NOT NULL"), ("version", "BIGINT"),
      ("services", "BIGINT"),
      ("user_agent", "TEXT"), ("height", "BIGINT"), ("handshake_ns", "BIGINT"), ("last_reached_ns", "BIGINT"),
      ("country", "TEXT"), ("asn", "BIGINT"),
    ]
  )
  static let hourly = rollUp("hourly")
  static let daily = rollUp("daily")
  static let nodeDays = SQLTable(
    name: "node_days",
    columns: [("time_ns", "BIGINT NOT NULL"), ("node", "BIGINT NOT NULL"), ("up_ns", "BIGINT NOT NULL")],
    key: ["time_ns", "node"]
  )

  private static func rollUp(_ name: String) -> SQLTable {
    SQLTable(
      name: name,
      columns: [
        ("time_ns", "BIGINT NOT NULL"), ("dimension", "TEXT NOT NULL"), ("value", "TEXT NOT NULL"),
        ("nodes", "BIGINT NOT NULL"),
      ],
      key: ["time_ns", "dimension", "value"]
    )
  }

  /// The permanent tables.
  static let all = [
    nodes, changes, attempts, advertisements, snapshots, snapshotNodes, hourly, daily, nodeDays,
  ]
}
