/// A table that rows are written into.
struct Table: Sendable {
  /// Its name.
  let name: String
  /// Its columns and their types, in order.
  let columns: [(name: String, type: String)]
  /// The columns that tell its rows apart; empty where rows are only added.
  let key: [String]

  static let nodes = Table(
    name: "nodes",
    columns: NodeColumn.allCases.map { ($0.name, $0.type) },
    key: ["id"]
  )
  static let changes = Table(
    name: "changes",
    columns: [
      ("id", "BIGINT PRIMARY KEY"), ("time_ns", "BIGINT NOT NULL"), ("node", "BIGINT NOT NULL"),
      ("field", "TEXT NOT NULL"), ("old", "TEXT"), ("value", "TEXT"),
    ],
    key: []
  )
  static let attempts = Table(
    name: "attempts",
    columns: [
      ("node", "BIGINT NOT NULL"), ("time_ns", "BIGINT NOT NULL"), ("state", "TEXT NOT NULL"),
      ("reason", "TEXT"),
      ("connect_ns", "BIGINT"), ("handshake_ns", "BIGINT"),
    ],
    key: []
  )
  static let advertisements = Table(
    name: "advertisements",
    columns: [
      ("node", "BIGINT NOT NULL"), ("advertiser", "BIGINT NOT NULL"), ("first_ns", "BIGINT NOT NULL"),
      ("last_ns", "BIGINT NOT NULL"), ("times", "BIGINT NOT NULL"), ("claimed_ns", "BIGINT"),
    ],
    key: ["node", "advertiser"]
  )
  /// The endpoints that a batch is about; of one connection, and empty between transactions.
  static let wanted = Table(name: "wanted", columns: [("endpoint", "TEXT")], key: [])
  static let snapshots = Table(
    name: "snapshots",
    columns: [
      ("id", "BIGINT PRIMARY KEY"), ("time_ns", "BIGINT NOT NULL"), ("reachable", "BIGINT NOT NULL"),
    ],
    key: []
  )
  static let snapshotNodes = Table(
    name: "snapshot_nodes",
    columns: [
      ("snapshot", "BIGINT NOT NULL"), ("node", "BIGINT NOT NULL"), ("version", "BIGINT"),
      ("services", "BIGINT"),
      ("user_agent", "TEXT"), ("height", "BIGINT"), ("handshake_ns", "BIGINT"), ("last_reached_ns", "BIGINT"),
      ("country", "TEXT"), ("asn", "BIGINT"),
    ],
    key: []
  )
  static let hourly = rollUp("hourly")
  static let daily = rollUp("daily")
  static let nodeDays = Table(
    name: "node_days",
    columns: [("time_ns", "BIGINT NOT NULL"), ("node", "BIGINT NOT NULL"), ("up_ns", "BIGINT NOT NULL")],
    key: ["time_ns", "node"]
  )

  private static func rollUp(_ name: String) -> Table {
    Table(
      name: name,
      columns: [
        ("time_ns", "BIGINT NOT NULL"), ("dimension", "TEXT NOT NULL"), ("value", "TEXT NOT NULL"),
        ("nodes", "BIGINT NOT NULL"),
      ],
      key: ["time_ns", "dimension", "value"]
    )
  }

  /// The tables that stay.
  static let all = [
    nodes, changes, attempts, advertisements, snapshots, snapshotNodes, hourly, daily, nodeDays,
  ]

  /// The names of the columns with commas between them.
  var columnList: String { columns.map(\.name).joined(separator: ", ") }

  /// The statement that creates it.
  var creation: String {
    var parts = columns.map { "\($0.name) \($0.type)" }
    if !key.isEmpty, key != ["id"] { parts.append("PRIMARY KEY (\(key.joined(separator: ", ")))") }
    return "CREATE TABLE \(name) (\(parts.joined(separator: ", ")))"
  }

  /// What an insertion does with a row that is there already; nothing where there cannot be one.
  var conflictClause: String {
    guard !key.isEmpty else { return "" }
    let changed = columns.map(\.name).filter { !key.contains($0) }
    let settings = changed.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    return " ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(settings)"
  }
}
