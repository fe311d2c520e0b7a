/// A table to write rows into, the same in both databases.
public struct SQLTable: Sendable {
  /// The table's name.
  public let name: String
  /// The columns and their PostgreSQL types, in order. SQLite gets `INTEGER` for `BIGINT` and `BLOB` for
  /// `BYTEA`.
  public let columns: [(name: String, type: String)]
  /// The columns of the key; empty if rows are only added.
  public let key: [String]

  /// Creates a description of a table.
  public init(name: String, columns: [(name: String, type: String)], key: [String] = []) {
    (self.name, self.columns, self.key) = (name, columns, key)
  }

  /// The temporary table in which PostgreSQL collects rows before they replace rows of a table with a key.
  var intake: String { "new_\(name)_\(columns.count)" }

  /// The names of the columns, separated by commas.
  public var columnList: String { columns.map(\.name).joined(separator: ", ") }

  /// A comment at the end of the definition of a table with several key columns. SQLite gets it as a clause;
  /// otherwise SQLite would store each row twice, by number and by key.
  static let keyed = "/* WITHOUT ROWID */"

  /// The statement that creates the table.
  public var creation: String {
    var parts = columns.map { "\($0.name) \($0.type)" }
    if key.count > 1 { parts.append("PRIMARY KEY (\(key.joined(separator: ", ")))") }
    return "CREATE TABLE \(name) (\(parts.joined(separator: ", ")))\(key.count > 1 ? " \(Self.keyed)" : "")"
  }

  /// The statement that creates a temporary table, if it does not exist.
  public var temporaryCreation: String {
    let columns = columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    return "CREATE TEMPORARY TABLE IF NOT EXISTS \(name) (\(columns))"
  }

  /// The columns outside the key, each with its new value, for an UPDATE.
  ///
  /// - Parameter value: returns the value's SQL for a column's name and its index among all columns.
  func settings(_ value: (String, Int) -> String) -> String {
    columns.enumerated().filter { !key.contains($1.name) }.map { "\($1.name) = \(value($1.name, $0))" }
      .joined(separator: ", ")
  }

  /// The clause by which an INSERT replaces the row with the same key; empty without a key.
  var conflictClause: String {
    guard !key.isEmpty else { return "" }
    return
      " ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(settings { name, _ in "excluded.\(name)" })"
  }
}
