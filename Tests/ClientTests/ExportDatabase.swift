import Foundation
import Store
import TestSupport

@testable import LogCommands

/// A database that a test exports into.
enum ExportDatabase {
  case sqlite(String)
  case postgres(PostgreSQLServer)

  /// The kinds of databases available on this machine.
  static let kinds = PostgreSQLServer.programs == nil ? ["sqlite"] : ["sqlite", "postgres"]

  /// Creates a database of a kind, in a test's folder.
  init(_ kind: String, _ folder: TemporaryFolder) throws {
    self = kind == "sqlite" ? .sqlite(folder.path + "out.sqlite") : .postgres(try PostgreSQLServer(folder))
  }

  /// The command-line arguments for exporting into it.
  var arguments: [String] {
    switch self {
    case .sqlite(let path): ["log", "export", "-o", path]
    case .postgres(let server): ["log", "export", "--database", server.address]
    }
  }

  /// The rows that a statement returns. Table names are written with the prefix `of.`.
  func execute(_ sql: String) throws -> [[String?]] {
    let rows =
      switch self {
      case .sqlite(let path): try SQL.openSQLite(path, .reading).rows(sql.replacing("of.", with: ""))
      case .postgres(let server): try server.connect().rows(sql.replacing("of.", with: "netmine."))
      }
    return rows.map { $0.map { $0 == .null ? nil : $0.description } }
  }

  /// Executes a statement that changes the database.
  func change(_ sql: String) throws {
    switch self {
    case .sqlite(let path): try SQL.openSQLite(path, .writing).execute(sql.replacing("of.", with: ""))
    case .postgres(let server): try server.connect().execute(sql.replacing("of.", with: "netmine."))
    }
  }

  /// All rows of a table as sorted lines; bytes as hexadecimal.
  func rows(_ table: DatabaseTable) throws -> [String] {
    let columns = table.columns.map { name, kind in
      guard kind == .bytes else { return name }
      let text = if case .sqlite = self { "lower(hex(\(name)))" } else { "encode(\(name), 'hex')" }
      return "CASE WHEN \(name) IS NOT NULL THEN \(text) END"
    }
    return try execute("SELECT \(columns.joined(separator: ", ")) FROM of.\(table)")
      .map { $0.map { $0 ?? "-" }.joined(separator: "|") }.sorted()
  }

  /// All exported rows, without the tables that record the progress.
  func content() throws -> [DatabaseTable: [String]] {
    let progress: Set<DatabaseTable> = [.files, .sequences, .properties]
    let tables = DatabaseTable.allCases.filter { !progress.contains($0) }
    return Dictionary(uniqueKeysWithValues: try tables.map { ($0, try rows($0)) })
  }
}
