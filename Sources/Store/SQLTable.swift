/// A table that rows are written into, the same in both databases.
public struct SQLTable: Sendable {
  /// Its name.
  public let name: String
  /// Its columns and their PostgreSQL types, in order. SQLite gets `INTEGER` for `BIGINT` and `BLOB` for `BYTEA`.
  public let columns: [(name: String, type: String)]
  /// The columns that tell its rows apart; empty if rows are only added.
  public let key: [String]

  /// Describes a table.
  public init(name: String, columns: [(name: String, type: String)], key: [String] = []) {
    (self.name, self.columns, self.key) = (name, columns, key)
  }

  /// The temporary table that PostgreSQL collects rows in before they replace rows of a table with a key.
  var intake: String { "new_\(name)_\(columns.count)" }

  /// The names of the columns with commas between them.
  public var columnList: String { columns.map(\.name).joined(separator: ", ") }

  /// A comment at the end of a table whose key has several columns. SQLite, which would otherwise store each row once by
  /// number and once by key, gets it as a clause.
  static let keyed = "/* WITHOUT ROWID */"

  /// The statement that creates it.
  public var creation: String {
    var parts = columns.map { "\($0.name) \($0.type)" }
    if key.count > 1 { parts.append("PRIMARY KEY (\(key.joined(separator: ", ")))") }
    return "CREATE TABLE \(name) (\(parts.joined(separator: ", ")))\(key.count > 1 ? " \(Self.keyed)" : "")"
  }

  /// The statement that creates it for one connection, if it is not there.
  public var temporaryCreation: String {
    let columns = columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    return "CREATE TEMPORARY TABLE IF NOT EXISTS \(name) (\(columns))"
  }

  /// The columns besides the key, each with its new value.
  ///
  /// - Parameter value: gets the column's name and its place among all.
  func settings(_ value: (String, Int) -> String) -> String {
    columns.enumerated().filter { !key.contains($1.name) }.map { "\($1.name) = \(value($1.name, $0))" }
      .joined(separator: ", ")
  }

  /// What an insertion does with a row whose key is there already: it replaces it. Empty without a key.
  var conflictClause: String {
    guard !key.isEmpty else { return "" }
    return
      " ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(settings { name, _ in "excluded.\(name)" })"
  }
}
