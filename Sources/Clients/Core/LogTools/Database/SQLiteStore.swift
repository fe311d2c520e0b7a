import Bytes
import Foundation
import GRDB
import Glibc
import LogText

/// A SQLite database that an export writes into.
final class SQLiteStore: DatabaseStore {
  let isNew: Bool
  var prefix: String { "" }

  private let path: String
  private let database: Database
  private var statements: [DatabaseTable: Statement] = [:]

  private init(_ path: String, _ database: Database) throws {
    self.path = path
    self.database = database
    try database.execute(sql: "BEGIN IMMEDIATE")
    isNew = try !database.tableExists(DatabaseTable.properties.rawValue)
    if isNew {
      try createTables {
        switch $0 {
        case .integer: "INTEGER"
        case .text: "TEXT"
        case .bytes: "BLOB"
        }
      }
    }
    try createIntake()
    for table in DatabaseTable.allCases {
      let places = table.columns.map { _ in "?" }.joined(separator: ", ")
      statements[table] = try database.makeStatement(sql: "INSERT INTO \(table.intake) VALUES (\(places))")
    }
  }

  /// Writes a database: `body` gets it. One that is not added to has its name only when it is whole.
  static func write(
    _ path: String,
    _ mode: DatabaseMode,
    _ body: (SQLiteStore) throws(ClientFailure) -> Void
  ) throws(ClientFailure) {
    guard case .file(let target, let exists) = ByteOutput.place(path) else {
      throw ClientFailure(.someFailed, "\(path) is no ordinary file: a database cannot be there.")
    }
    do {
      if mode == .appending {
        // Hashes are all over their index.
        return try open(target, mode, "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536", body)
      }
      guard mode == .replacing || !exists else {
        throw ClientFailure(.someFailed, "\(path) is there already; --force replaces it.")
      }
      let unfinished = target + ".part"
      unlink(unfinished)
      defer { unlink(unfinished) }
      // Until it has its name nobody needs it after a crash.
      try open(unfinished, mode, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", body)
      guard rename(unfinished, target) == 0 else { throw IOError("write \(path)") }
    } catch let failure as ClientFailure {
      throw failure
    } catch {
      throw ClientFailure(.someFailed, "\(path) cannot be written: \(error).")
    }
  }

  private static func open(
    _ path: String,
    _ mode: DatabaseMode,
    _ settings: String,
    _ body: (SQLiteStore) throws(ClientFailure) -> Void
  ) throws {
    var configuration = GRDB.Configuration()
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { try $0.execute(sql: settings) }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { database in
      defer { if database.isInsideTransaction { try? database.rollback() } }
      let store = try SQLiteStore(path, database)
      try store.fill(mode, body)
      try database.execute(sql: "COMMIT")
    }
    try queue.close()
  }

  func insert(_ table: DatabaseTable, _ row: [DatabaseField]) throws(ClientFailure) {
    let values: [(any DatabaseValueConvertible)?] = row.map { field in
      switch field {
      case .none: nil
      case .integer(let value): value
      case .text(let text): text
      case .bytes(let bytes): DatabaseValue(bytes)
      }
    }
    try attempt { try statements[table]!.execute(arguments: StatementArguments(values)) }
  }

  func flush() {}

  func execute(_ sql: String) throws(ClientFailure) -> [[String?]] {
    try attempt {
      try Row.fetchAll(database, sql: sql).map { row in
        Array(row.databaseValues).map { $0.isNull ? nil : "\($0.storage.value!)" }
      }
    }
  }

  private func attempt<Result>(_ body: () throws -> Result) throws(ClientFailure) -> Result {
    do { return try body() } catch {
      throw ClientFailure(.someFailed, "\(path) cannot be written: \(error).")
    }
  }
}

extension DatabaseValue {
  /// The bytes as a BLOB.
  fileprivate init(_ bytes: [UInt8]) { self = Data(bytes).databaseValue }
}
