import Bytes
import Commands
import Glibc
import Store

/// The database that an export writes to.
enum DatabasePlace {
  /// An SQLite file.
  case sqlite(path: String)
  /// A schema of a PostgreSQL database, at a libpq connection string; created if it does not exist.
  case postgreSQL(address: String, schema: String)

  /// Opens the database and lets `body` write the tables. Unless `mode` is `appending`, no reader sees any of
  /// it until everything is written.
  func write(
    _ mode: DatabaseMode,
    _ body: (ExportTables) throws(ClientFailure) -> Void
  ) throws(ClientFailure) {
    switch self {
    case .sqlite(let path): try write(path, mode, body)
    case .postgreSQL(let address, let schema):
      let database = try attempt { () throws(StoreError) in try SQL.openPostgreSQL(address, schema: schema) }
      try fill(database, mode, body)
    }
  }

  private func write(
    _ path: String,
    _ mode: DatabaseMode,
    _ body: (ExportTables) throws(ClientFailure) -> Void
  ) throws(ClientFailure) {
    guard case .file(let target, let exists) = ByteOutput.place(path) else {
      throw ClientFailure(.someFailed, "\(path) is not a regular file: a database cannot be written there.")
    }
    func open(_ path: String, _ settings: String...) throws(ClientFailure) {
      let settings = settings + ["PRAGMA busy_timeout = 10000"]
      let database = try attempt { () throws(StoreError) in try SQL.openSQLite(path, settings: settings) }
      try fill(database, mode, body)
    }
    if mode == .appending {
      // Hashes arrive in random order, so updates touch the whole index.
      return try open(target, "PRAGMA synchronous = FULL", "PRAGMA cache_size = -65536")
    }
    guard mode == .replacing || !exists else {
      throw ClientFailure(.someFailed, "\(path) exists already; --force replaces it.")
    }
    let unfinished = target + ".part"
    unlink(unfinished)
    defer { unlink(unfinished) }
    // An unfinished file is useless after a crash, so it need not be synchronised. Pages of 16 KiB take a third less
    // processor time than SQLite's default of 4 KiB.
    try open(
      unfinished,
      "PRAGMA page_size = 16384",
      "PRAGMA journal_mode = OFF",
      "PRAGMA synchronous = OFF"
    )
    guard rename(unfinished, target) == 0 else { throw failure(IOError("write \(path)")) }
  }

  private func fill(
    _ database: any Database,
    _ mode: DatabaseMode,
    _ body: (ExportTables) throws(ClientFailure) -> Void
  ) throws(ClientFailure) {
    do {
      try attempt { () throws(StoreError) in try database.begin(.writing, lock: nil) }
      try makeRoom(database, mode)
      let tables = try attempt { () throws(StoreError) in try ExportTables(database, failure: failure) }
      try tables.fill(mode, body)
      try attempt { () throws(StoreError) in try database.commit() }
    } catch {
      database.rollBack()
      throw error
    }
  }

  /// Creates the schema, and drops existing tables if they are to be replaced.
  private func makeRoom(_ database: any Database, _ mode: DatabaseMode) throws(ClientFailure) {
    let there = try attempt { () throws(StoreError) -> [DatabaseTable] in
      try database.makeSchema()
      var there: [DatabaseTable] = []
      for table in DatabaseTable.allCases where try database.hasTable(table.rawValue) { there.append(table) }
      return there
    }
    if there.isEmpty || mode == .appending { return }
    guard mode == .replacing else {
      let names = there.map(\.rawValue).sorted().joined(separator: ", ")
      throw ClientFailure(
        .someFailed,
        "\(name) has the tables already (\(names)); --force replaces them, --append adds to them."
      )
    }
    try attempt { () throws(StoreError) in
      try database.execute("DROP TABLE \(there.map(\.rawValue).joined(separator: ", "))")
    }
  }

  private var name: String {
    switch self {
    case .sqlite(let path): path
    case .postgreSQL(_, let schema): "The schema \(schema)"
    }
  }

  private func attempt<Result>(_ body: () throws(StoreError) -> Result) throws(ClientFailure) -> Result {
    do { return try body() } catch { throw failure(error) }
  }

  /// The error to report if the database fails.
  private func failure(_ error: any Error) -> ClientFailure {
    if case StoreError.unreadableAddress = error { return ClientFailure(.usage, "\(error).") }
    let subject = if case .sqlite(let path) = self { path } else { "The database" }
    return ClientFailure(.someFailed, "\(subject) cannot be written: \(error).")
  }
}

/// How an export treats an existing database.
enum DatabaseMode {
  /// Fails if the tables exist.
  case creating
  /// Replaces the tables when everything is written.
  case replacing
  /// Adds missing records and commits every 16,384 records.
  case appending
}
