import Bytes
import Foundation
import GRDB
import Glibc
import LogText

/// Writes rows into a new SQLite database.
final class SQLiteExport {
  private let database: Database
  private let queue: DatabaseQueue
  private var statements: [DatabaseTable: Statement] = [:]

  private init(_ queue: DatabaseQueue, _ database: Database) throws {
    self.queue = queue
    self.database = database
    for table in DatabaseTable.allCases {
      try database.execute(
        sql: table.creation {
          switch $0 {
          case .integer: "INTEGER"
          case .text: "TEXT"
          case .bytes: "BLOB"
          }
        }
      )
      let places = table.columns.map { _ in "?" }.joined(separator: ", ")
      statements[table] = try database.makeStatement(sql: "INSERT INTO \(table.rawValue) VALUES (\(places))")
    }
  }

  /// Writes a database: `body` gets what takes its rows. The file has its name only when it is whole.
  static func write(
    _ path: String,
    replaces: Bool,
    _ body: (SQLiteExport) throws -> Void
  ) throws {
    guard case .file(let target, let exists) = ByteOutput.place(path) else {
      throw ClientFailure(.someFailed, "\(path) is no ordinary file: a database cannot be there.")
    }
    guard replaces || !exists else {
      throw ClientFailure(.someFailed, "\(path) is there already; --force replaces it.")
    }
    let unfinished = target + ".part"
    unlink(unfinished)
    do {
      var configuration = GRDB.Configuration()
      // Until it has its name nobody needs it after a crash.
      configuration.prepareDatabase {
        try $0.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
      }
      let queue = try DatabaseQueue(path: unfinished, configuration: configuration)
      try queue.writeWithoutTransaction { database in
        try database.inTransaction {
          try body(SQLiteExport(queue, database))
          for statement in DatabaseTable.indexCreations() { try database.execute(sql: statement) }
          return .commit
        }
      }
      try queue.close()
    } catch {
      unlink(unfinished)
      if error is ClientFailure { throw error }
      throw ClientFailure(.someFailed, "\(path) cannot be written: \(error).")
    }
    guard rename(unfinished, target) == 0 else {
      throw ClientFailure(.someFailed, "\(IOError("write \(path)")).")
    }
  }

  /// Adds a row.
  func insert(_ table: DatabaseTable, _ row: [DatabaseField]) throws {
    let values: [(any DatabaseValueConvertible)?] = row.map { field in
      switch field {
      case .none: nil
      case .integer(let value): value
      case .text(let text): text
      case .bytes(let bytes): DatabaseValue(bytes)
      }
    }
    try statements[table]!.execute(arguments: StatementArguments(values))
  }
}

extension DatabaseValue {
  /// The bytes as a BLOB.
  fileprivate init(_ bytes: [UInt8]) { self = Data(bytes).databaseValue }
}
