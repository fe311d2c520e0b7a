/// A table that records are exported to, the same in every database; docs/log-tools.md describes them.
enum DatabaseTable: String, CaseIterable, CustomStringConvertible {
  case sources, connections, messages, announcements, events, texts
  /// How far the export has come: with each file, with each source, and what it chose.
  case files, sequences, properties

  /// What a column holds.
  enum Kind {
    /// A whole number of 64 bits.
    case integer
    /// Text.
    case text
    /// Bytes.
    case bytes
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
        ("reason", .text),
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

  /// The table's name.
  var description: String { rawValue }

  /// Where its rows are put first: those of connections replace former ones.
  var intake: String { self == .connections ? "changed_connections" : rawValue }

  /// The column that tells rows apart, where there is one.
  var key: String? { self == .messages ? "id" : nil }

  /// What is looked for often: a table and its columns.
  static let indexes: [(table: DatabaseTable, columns: [String])] = [
    (.messages, ["time_ns"]), (.messages, ["command", "time_ns"]), (.messages, ["source", "connection"]),
    (.announcements, ["hash"]), (.announcements, ["message"]), (.connections, ["source", "connection"]),
    (.events, ["source", "connection"]), (.sequences, ["instance", "first"]),
  ]

  /// The statement that creates it.
  ///
  /// - Parameters:
  ///   - prefix: what its name begins with, such as a schema and a point.
  ///   - types: what the database calls each kind.
  func creation(prefix: String = "", _ types: (Kind) -> String) -> String {
    let columns = columns.map { column in
      "\(column.name) \(types(column.kind))\(column.name == key ? " PRIMARY KEY" : "")"
    }
    return "CREATE TABLE \(prefix)\(rawValue) (\(columns.joined(separator: ", ")))"
  }

  /// The statements that create the indexes.
  static func indexCreations(prefix: String = "") -> [String] {
    indexes.map { index in
      let name = ([index.table.rawValue] + index.columns).joined(separator: "_")
      return
        "CREATE INDEX \(name) ON \(prefix)\(index.table.rawValue) (\(index.columns.joined(separator: ", ")))"
    }
  }
}

/// A value of a row.
enum DatabaseField: Equatable {
  case none
  case integer(Int64)
  case text(String)
  case bytes([UInt8])

  /// A number; the largest of 64 bits where it is larger.
  static func number(_ value: some BinaryInteger) -> DatabaseField { .integer(Int64(clamping: value)) }

  /// A text; none where it is empty or not there.
  static func optional(_ value: String?) -> DatabaseField {
    guard let value, !value.isEmpty else { return .none }
    return .text(value)
  }

  /// The number that it is, if it is one.
  var number: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }

  /// The text that it is, if it is one.
  var string: String? {
    if case .text(let text) = self { text } else { nil }
  }
}
