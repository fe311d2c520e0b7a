/// A table that rows are written into.
struct Table: Sendable {
  /// Its name.
  let name: String
  /// Its columns and their types, in order.
  let columns: [(name: String, type: String)]
  /// The columns that tell its rows apart; empty where rows are only added.
  let key: [String]
  /// What PostgreSQL takes rows in by, before they go into a table with a key.
  var intake: String { "new_\(name)_\(columns.count)" }

  static let nodes = Table(
    name: "nodes",
    columns: NodeColumn.allCases.map { ($0.name, $0.type) },
    key: ["id"]
  )
  /// What may change of nodes that are known.
  static let knownNodes = changes(in: NodeColumn.allCases.filter { !NodeColumn.identity.contains($0) })
  /// What may change of nodes that are known and were only told of.
  static let advertisedNodes = changes(in: NodeColumn.advertised)

  private static func changes(in columns: [NodeColumn]) -> Table {
    Table(name: "nodes", columns: ([.id] + columns).map { ($0.name, $0.type) }, key: ["id"])
  }

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
  /// In the order of who told: what one node tells at once is written in one place, though it is of nodes from everywhere.
  static let advertisements = Table(
    name: "advertisements",
    columns: [
      ("advertiser", "BIGINT NOT NULL"), ("node", "BIGINT NOT NULL"), ("first_ns", "BIGINT NOT NULL"),
      ("last_ns", "BIGINT NOT NULL"), ("times", "BIGINT NOT NULL"), ("claimed_ns", "BIGINT"),
    ],
    key: ["advertiser", "node"]
  )
  /// The endpoints that a batch is about; of one connection, and empty between transactions.
  static let wanted = Table(name: "wanted", columns: [("place", "BIGINT"), ("endpoint", "TEXT")], key: [])
  /// The advertisements that a batch is about; likewise.
  static let wantedAdvertisements = Table(
    name: "wanted_advertisements",
    columns: [("advertiser", "BIGINT"), ("node", "BIGINT")],
    key: []
  )
  /// The tables of a connection.
  static let temporary = [wanted, wantedAdvertisements]
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

  /// What stands behind a table with a key of several columns: for SQLite, which else keeps each row once by its number and
  /// once by its key, it means more than a comment.
  static let keyed = "/* WITHOUT ROWID */"

  /// The statement that creates it.
  var creation: String {
    var parts = columns.map { "\($0.name) \($0.type)" }
    if !key.isEmpty, key != ["id"] { parts.append("PRIMARY KEY (\(key.joined(separator: ", ")))") }
    return "CREATE TABLE \(name) (\(parts.joined(separator: ", ")))\(key.count > 1 ? " \(Self.keyed)" : "")"
  }

  /// The columns besides the key, each with what it is set to.
  ///
  /// - Parameter value: given the column's name and its place among all.
  func settings(_ value: (String, Int) -> String) -> String {
    columns.enumerated().filter { !key.contains($1.name) }.map { "\($1.name) = \(value($1.name, $0))" }
      .joined(separator: ", ")
  }

  /// The statement that creates it for a connection, where it is not there.
  var temporaryCreation: String {
    let columns = columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    return "CREATE TEMPORARY TABLE IF NOT EXISTS \(name) (\(columns))"
  }

  /// What an insertion does with a row that is there already; nothing where there cannot be one.
  var conflictClause: String {
    guard !key.isEmpty else { return "" }
    return
      " ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(settings { name, _ in "excluded.\(name)" })"
  }
}
