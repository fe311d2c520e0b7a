/// A schema of a PostgreSQL database. After a broken connection, the next transaction connects again.
final class PostgreSQLDatabase: Database {
  private let address: String
  private let schema: String
  private let settings: [String]
  private let limits: PostgreSQLLimits
  private var connection: PostgreSQLConnection

  /// Connects; see `SQL.openPostgreSQL`.
  init(
    _ address: String,
    schema: String,
    settings: [String],
    limits: PostgreSQLLimits
  ) throws(StoreError) {
    (self.address, self.schema, self.settings, self.limits) = (address, schema, settings, limits)
    connection = try Self.connect(address, schema, settings, limits)
  }

  private static func connect(
    _ address: String,
    _ schema: String,
    _ settings: [String],
    _ limits: PostgreSQLLimits
  ) throws(StoreError) -> PostgreSQLConnection {
    let connection = try PostgreSQLConnection(address, limits)
    try connection.execute("SET standard_conforming_strings = on")
    try connection.execute("SET search_path TO \(SQL.identifier(schema))")
    for statement in settings { try connection.execute(statement) }
    return connection
  }

  func begin(_ access: DatabaseAccess, lock: String?) throws(StoreError) {
    if !connection.isConnected { connection = try Self.connect(address, schema, settings, limits) }
    try execute(access == .reading ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN")
    // This lock mode lets readers continue.
    if let lock, try hasTable(lock) { try execute("LOCK TABLE \(lock) IN EXCLUSIVE MODE") }
  }

  func commit() throws(StoreError) { try execute("COMMIT") }

  func rollBack() {
    if connection.isConnected { try? execute("ROLLBACK") }
  }

  func makeSchema() throws(StoreError) {
    // A role that may not create schemas may use an existing one.
    let isThere = try !rows("SELECT FROM pg_namespace WHERE nspname = \(SQL.literal(schema))").isEmpty
    if !isThere { try execute("CREATE SCHEMA \(SQL.identifier(schema))") }
  }

  func execute(_ sql: String) throws(StoreError) { try connection.execute(sql) }

  func rows(_ sql: String) throws(StoreError) -> [[SQLValue]] { try connection.rows(sql) }

  func forEachRow(_ sql: String, _ body: ([SQLValue]) throws -> Bool) throws {
    try execute("DECLARE rows NO SCROLL CURSOR FOR \(sql)")
    var goesOn = true
    while goesOn {
      let rows = try rows("FETCH 10000 FROM rows")
      for row in rows where goesOn { goesOn = try body(row) }
      if rows.isEmpty { break }
    }
    try execute("CLOSE rows")
  }

  func columns(_ sql: String) throws(StoreError) -> [String] { try connection.columns(sql) }

  func hasTable(_ name: String) throws(StoreError) -> Bool {
    try !rows(
      """
      SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace \
      WHERE nspname = \(SQL.literal(schema)) AND relname = \(SQL.literal(name))
      """
    ).isEmpty
  }

  func writer(into table: SQLTable) -> RowWriter {
    RowWriter(table, to: PostgreSQLRows(connection, "\(table.name) (\(table.columnList))"))
  }

  func write(_ rows: [[SQLValue]], to table: SQLTable) throws(StoreError) {
    guard !rows.isEmpty else { return }
    guard table.key.isEmpty else {
      return try takeIn(
        rows,
        table,
        """
        INSERT INTO \(table.name) (\(table.columnList)) SELECT \(table.columnList) FROM \(table.intake)\(table.conflictClause)
        """
      )
    }
    try copy(rows, into: table.name, table)
    // Without statistics, the server guesses the size of a temporary table, and may read all nodes for each
    // batch.
    if settings.contains(table.temporaryCreation) { try execute("ANALYZE \(table.name)") }
  }

  func update(_ rows: [[SQLValue]], of table: SQLTable) throws(StoreError) {
    guard !rows.isEmpty else { return }
    let settings = table.settings { name, _ in "i.\(name)" }
    try takeIn(rows, table, "UPDATE \(table.name) t SET \(settings) FROM \(table.intake) i WHERE t.id = i.id")
  }

  /// Copies rows into the table's intake, and executes a statement that moves them into the table.
  private func takeIn(_ rows: [[SQLValue]], _ table: SQLTable, _ sql: String) throws(StoreError) {
    try execute(
      """
      CREATE TEMPORARY TABLE IF NOT EXISTS \(table.intake) ON COMMIT DELETE ROWS AS \
      SELECT \(table.columnList) FROM \(table.name) LIMIT 0
      """
    )
    try copy(rows, into: table.intake, table)
    try execute(sql)
    try execute("DELETE FROM \(table.intake)")
  }

  private func copy(_ rows: [[SQLValue]], into place: String, _ table: SQLTable) throws(StoreError) {
    let writer = RowWriter(table, to: PostgreSQLRows(connection, "\(place) (\(table.columnList))"))
    for row in rows { try writer.append(row) }
    try writer.flush()
  }
}

/// Writes rows by `COPY`.
struct PostgreSQLRows: RowWriter.Sink {
  let batch = 1 << 20

  private let connection: PostgreSQLConnection
  private let place: String

  /// Writes to a table, given with its columns as SQL.
  init(_ connection: PostgreSQLConnection, _ place: String) {
    (self.connection, self.place) = (connection, place)
  }

  func take(_ rows: RowWriter.Rows) throws(StoreError) { try connection.copy(rows.bytes, into: place) }
}
