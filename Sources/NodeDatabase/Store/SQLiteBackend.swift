import GRDB
import GRDBSQLite

/// A SQLite database in WAL mode: a writer that is killed at any moment leaves whole transactions.
final class SQLiteBackend: Backend {
  private let queue: DatabaseQueue

  /// Opens a database.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - isReadOnly: whether it has to be there and nothing is written.
  init(_ path: String, isReadOnly: Bool) throws {
    var configuration = GRDB.Configuration()
    configuration.readonly = isReadOnly
    configuration.busyMode = .timeout(30)
    configuration.prepareDatabase { database in
      if !isReadOnly { try database.execute(sql: "PRAGMA journal_mode = WAL") }
      try database.execute(
        sql: """
          PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384
          """
      )
      for table in Table.temporary { try database.execute(sql: table.temporaryCreation) }
    }
    queue = try DatabaseQueue(path: path, configuration: configuration)
  }

  func transaction<Result>(_ body: (any Session) throws -> Result) throws -> Result {
    try run("BEGIN IMMEDIATE", body)
  }

  func read<Result>(_ body: (any Session) throws -> Result) throws -> Result { try run("BEGIN", body) }

  private func run<Result>(_ beginning: String, _ body: (any Session) throws -> Result) throws -> Result {
    try queue.writeWithoutTransaction { database in
      try database.execute(sql: beginning)
      do {
        let result = try body(SQLiteSession(database))
        try database.execute(sql: "COMMIT")
        return result
      } catch {
        if database.isInsideTransaction { try? database.rollback() }
        throw error
      }
    }
  }
}

/// A transaction in a SQLite database. Values are bound and read without GRDB's boxes: there are many.
private final class SQLiteSession: Session {
  private let database: Database

  init(_ database: Database) { self.database = database }

  /// A statement as SQLite has it.
  private static func dialect(_ sql: String) -> String {
    sql.replacing("BIGINT", with: "INTEGER").replacing(Table.keyed, with: "WITHOUT ROWID")
  }

  func execute(_ sql: String) throws {
    try database.execute(sql: Self.dialect(sql))
  }

  func forEachRow(_ sql: String, _ body: ([NodeValue]) throws -> Bool) throws {
    let statement = try database.cachedStatement(sql: Self.dialect(sql)).sqliteStatement
    defer { sqlite3_reset(statement) }
    let count = sqlite3_column_count(statement)
    while true {
      let status = sqlite3_step(statement)
      if status == SQLITE_DONE { return }
      guard status == SQLITE_ROW else { throw failure() }
      let row = (0..<count).map { Self.value(statement, $0) }
      guard try body(row) else { return }
    }
  }

  func columns(_ sql: String) throws -> [String] { try database.makeStatement(sql: sql).columnNames }

  func hasTable(_ name: String) throws -> Bool { try database.tableExists(name) }

  func write(_ rows: [[NodeValue]], to table: Table) throws {
    let places = table.columns.map { _ in "?" }.joined(separator: ", ")
    try run("INSERT INTO \(table.name) (\(table.columnList)) VALUES (\(places))\(table.conflictClause)", rows)
  }

  func update(_ rows: [[NodeValue]], of table: Table) throws {
    try run("UPDATE \(table.name) SET \(table.settings { "?\($1 + 1)" }) WHERE id = ?1", rows)
  }

  /// Does what a statement says with each row's values.
  private func run(_ sql: String, _ rows: [[NodeValue]]) throws {
    let statement = try database.cachedStatement(sql: sql).sqliteStatement
    defer { sqlite3_clear_bindings(statement) }
    for row in rows {
      for (index, value) in row.enumerated() { bind(value, to: statement, Int32(index + 1)) }
      let status = sqlite3_step(statement)
      sqlite3_reset(statement)
      guard status == SQLITE_DONE else { throw failure() }
    }
  }

  private func failure() -> NodeStoreError {
    NodeStoreError(database.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) } ?? "it is closed")
  }

  private func bind(_ value: NodeValue, to statement: OpaquePointer, _ index: Int32) {
    switch value {
    case .null: sqlite3_bind_null(statement, index)
    case .integer(let number): sqlite3_bind_int64(statement, index, number)
    case .real(let number): sqlite3_bind_double(statement, index, number)
    case .text(var text):
      text.withUTF8 { bytes in
        _ = bytes.withMemoryRebound(to: CChar.self) {
          // SQLITE_TRANSIENT: SQLite copies it.
          sqlite3_bind_text(
            statement,
            index,
            $0.baseAddress,
            Int32($0.count),
            unsafeBitCast(-1, to: sqlite3_destructor_type.self)
          )
        }
      }
    }
  }

  private static func value(_ statement: OpaquePointer, _ column: Int32) -> NodeValue {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: .real(sqlite3_column_double(statement, column))
    case SQLITE_NULL: .null
    default:
      .text(
        String(
          decoding: UnsafeBufferPointer(
            start: sqlite3_column_text(statement, column),
            count: Int(sqlite3_column_bytes(statement, column))
          ),
          as: UTF8.self
        )
      )
    }
  }
}
