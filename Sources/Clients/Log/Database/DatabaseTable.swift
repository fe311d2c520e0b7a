import Store

/// A table of an export, the same in SQLite and PostgreSQL; docs/log-tools.md describes them.
enum DatabaseTable: String, CaseIterable, CustomStringConvertible {
  case sources, connections, messages, announcements, events, texts
  /// The state of the export: progress in each file, sequence numbers of each source, and properties such as
  /// the choice of records.
  case files, sequences, properties

  /// The SQL type of a column.
  enum Kind: String {
    /// A 64-bit integer.
    case integer = "BIGINT"
    /// Text.
    case text = "TEXT"
    /// Bytes.
    case bytes = "BYTEA"
  }

  /// The columns in order.
  var columns: [(name: String, kind: Kind)] {
    switch self {
    case .sources:
      [("source", .integer), ("instance", .text), ("kind", .text), ("name", .text), ("version", .text)]
    case .connections:
      [
        ("source", .integer), ("connection", .integer), ("direction", .text), ("network", .integer),
        ("remote", .text), ("remote_port", .integer), ("local", .text), ("local_port", .integer),
        ("user_agent", .text), ("opened_ns", .integer), ("closed_ns", .integer), ("closed_by", .text),
        ("reason", .text), ("cause", .text), ("cause_code", .integer),
      ]
    case .messages:
      [
        ("id", .integer), ("time_ns", .integer), ("source", .integer), ("sequence", .integer),
        ("connection", .integer), ("sent", .integer), ("flags", .integer), ("command", .text),
        ("length", .integer), ("summary", .text), ("payload", .bytes),
      ]
    case .announcements:
      [("message", .integer), ("form", .text), ("type", .text), ("hash", .text)]
    case .events:
      [
        ("time_ns", .integer), ("source", .integer), ("sequence", .integer), ("connection", .integer),
        ("code", .integer), ("event", .text), ("remote", .text), ("local", .text), ("errno", .integer),
        ("duration_ns", .integer), ("user_agent", .text), ("reason", .text), ("evidence", .bytes),
        ("cause", .text), ("cause_code", .integer),
      ]
    case .texts:
      [
        ("time_ns", .integer), ("source", .integer), ("sequence", .integer), ("connection", .integer),
        ("type", .text), ("text", .text),
      ]
    case .files: [("head", .text), ("name", .text), ("bytes", .integer), ("last", .text)]
    case .sequences: [("instance", .text), ("first", .integer), ("last", .integer)]
    case .properties: [("name", .text), ("value", .text)]
    }
  }

  /// The columns that exports before version 0.2 do not have, at the end.
  var laterColumns: [String] { self == .connections || self == .events ? ["cause", "cause_code"] : [] }

  /// The table's name.
  var description: String { rawValue }

  /// The table that receives new rows: a temporary one for `connections`, whose new rows replace older ones.
  var intake: String { self == .connections ? "changed_connections" : rawValue }

  /// `intake` with the table's columns.
  var intakeTable: SQLTable { SQLTable(name: intake, columns: columns.map { ($0.name, $0.kind.rawValue) }) }

  /// The indexes: each with its table and columns.
  static let indexes: [(table: DatabaseTable, columns: [String])] = [
    (.messages, ["time_ns"]), (.messages, ["command", "time_ns"]), (.messages, ["source", "connection"]),
    (.announcements, ["hash"]), (.announcements, ["message"]), (.connections, ["source", "connection"]),
    (.events, ["source", "connection"]), (.sequences, ["instance", "first"]),
  ]

  /// The statement that creates the table.
  var creation: String {
    let columns = columns.map { column in
      "\(column.name) \(column.kind.rawValue)\(self == .messages && column.name == "id" ? " PRIMARY KEY" : "")"
    }
    return "CREATE TABLE \(rawValue) (\(columns.joined(separator: ", ")))"
  }

  /// The statements that create the indexes.
  static var indexCreations: [String] {
    indexes.map { index in
      let name = ([index.table.rawValue] + index.columns).joined(separator: "_")
      return "CREATE INDEX \(name) ON \(index.table.rawValue) (\(index.columns.joined(separator: ", ")))"
    }
  }
}
