import CSQLite

/// An SQLite database.
final class SQLiteDatabase: Database {
  private let connection: OpaquePointer
  /// The writers of `write` and `update`, by a name for the statement.
  private var writers: [String: RowWriter] = [:]

  /// Opens a database; see `SQL.openSQLite`.
  init(_ path: String, _ access: DatabaseAccess, settings: [String]) throws(StoreError) {
    let flags =
      access == .reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    var opened: OpaquePointer?
    let status = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
    // It is nil only if memory is exhausted.
    guard let opened else { throw .failed(String(cString: sqlite3_errstr(status))) }
    connection = opened
    guard status == SQLITE_OK else { throw failure() }
    sqlite3_extended_result_codes(connection, 1)
    sqlite3_busy_timeout(connection, 30_000)
    for statement in settings { try execute(statement) }
  }

  // The connection stays open until its last statement is finalized.
  deinit { sqlite3_close_v2(connection) }

  func begin(_ access: DatabaseAccess, lock: String?) throws(StoreError) {
    try execute(access == .reading ? "BEGIN" : "BEGIN IMMEDIATE")
  }

  func commit() throws(StoreError) { try execute("COMMIT") }

  func rollBack() {
    for writer in writers.values { writer.discard() }
    if sqlite3_get_autocommit(connection) == 0 { try? execute("ROLLBACK") }
  }

  func makeSchema() {}

  func execute(_ sql: String) throws(StoreError) {
    guard sqlite3_exec(connection, Self.dialect(sql), nil, nil, nil) == SQLITE_OK else { throw failure() }
  }

  func rows(_ sql: String) throws(StoreError) -> [[SQLValue]] {
    var rows: [[SQLValue]] = []
    let statement = try SQLiteStatement(connection, sql)
    while try statement.step() { rows.append(statement.row()) }
    return rows
  }

  func forEachRow(_ sql: String, _ body: ([SQLValue]) throws -> Bool) throws {
    let statement = try SQLiteStatement(connection, sql)
    while try statement.step() {
      guard try body(statement.row()) else { return }
    }
  }

  func columns(_ sql: String) throws(StoreError) -> [String] {
    try SQLiteStatement(connection, sql).columnNames
  }

  func hasTable(_ name: String) throws(StoreError) -> Bool {
    try !rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = \(SQL.literal(name))").isEmpty
  }

  func writer(into table: SQLTable) throws(StoreError) -> RowWriter {
    let places = "(\(table.columns.map { _ in "?" }.joined(separator: ", ")))"
    let insertion = "INSERT INTO \(table.name) (\(table.columnList)) VALUES "
    let rows = try SQLiteRows(columnCount: table.columns.count) { count throws(StoreError) in
      let values = [String](repeating: places, count: count).joined(separator: ", ")
      return try SQLiteStatement(connection, insertion + values + table.conflictClause)
    }
    return RowWriter(table, to: rows)
  }

  func write(_ rows: [[SQLValue]], to table: SQLTable) throws(StoreError) {
    try write(rows, by: "INSERT \(table.name) \(table.columns.count)") { () throws(StoreError) in
      try writer(into: table)
    }
  }

  func update(_ rows: [[SQLValue]], of table: SQLTable) throws(StoreError) {
    let sql = "UPDATE \(table.name) SET \(table.settings { "?\($1 + 1)" }) WHERE id = ?1"
    try write(rows, by: sql) { () throws(StoreError) in
      RowWriter(table, to: SQLiteRows(try SQLiteStatement(connection, sql)))
    }
  }

  /// Writes rows with the writer of that name, which is created if necessary.
  private func write(
    _ rows: [[SQLValue]],
    by name: String,
    _ make: () throws(StoreError) -> RowWriter
  ) throws(StoreError) {
    guard !rows.isEmpty else { return }
    let writer = if let known = writers[name] { known } else { try make() }
    writers[name] = writer
    for row in rows { try writer.append(row) }
    try writer.flush()
  }

  private func failure() -> StoreError { SQLiteStatement.failure(connection) }

  /// A statement in SQLite's dialect. Types occur only in CREATE statements.
  private static func dialect(_ sql: String) -> String {
    guard sql.hasPrefix("CREATE ") else { return sql }
    return sql.replacing("BIGINT", with: "INTEGER").replacing("BYTEA", with: "BLOB")
      .replacing(SQLTable.keyed, with: "WITHOUT ROWID")
  }
}
