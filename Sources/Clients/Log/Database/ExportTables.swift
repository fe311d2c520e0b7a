import Commands
import Store

/// The tables of an export, within one transaction after another.
final class ExportTables {
  /// Whether the tables were created by this export.
  let isNew: Bool

  /// Writes rows of `messages`, each ended with `end(_:)`; faster than `insert(_:_:)`.
  let messages: RowWriter
  /// Writes rows of `announcements`, each ended with `end(_:)`.
  let announcements: RowWriter

  private let database: any Database
  private let writers: [DatabaseTable: RowWriter]
  private let failure: (StoreError) -> ClientFailure

  /// Creates the tables if they do not exist.
  ///
  /// - Parameters:
  ///   - database: the database, within a transaction.
  ///   - failure: makes the error to report if the database fails.
  init(_ database: any Database, failure: @escaping (StoreError) -> ClientFailure) throws(StoreError) {
    self.database = database
    self.failure = failure
    isNew = try !database.hasTable(DatabaseTable.properties.rawValue)
    for table in DatabaseTable.allCases {
      if isNew { try database.execute(table.creation) } else { try Self.bringForward(table, database) }
    }
    let (table, intake) = (DatabaseTable.connections, DatabaseTable.connections.intake)
    // Rows of changed connections wait here until `mergeConnections()`.
    try database.execute("CREATE TEMPORARY TABLE \(intake) AS SELECT * FROM \(table) LIMIT 0")
    var writers: [DatabaseTable: RowWriter] = [:]
    for table in DatabaseTable.allCases { writers[table] = try database.writer(into: table.intakeTable) }
    self.writers = writers
    messages = writers[.messages]!
    announcements = writers[.announcements]!
  }

  /// Adds the columns that an earlier version's table does not have.
  private static func bringForward(_ table: DatabaseTable, _ database: any Database) throws(StoreError) {
    let names = try database.columns("SELECT * FROM \(table) LIMIT 0")
    for column in table.columns where table.laterColumns.contains(column.name) && !names.contains(column.name)
    {
      try database.execute("ALTER TABLE \(table) ADD COLUMN \(column.name) \(column.kind.rawValue)")
    }
  }

  /// Calls `body` and creates the indexes. They are cheapest to create after all rows, but an export that may
  /// be interrupted and resumed needs them from the start.
  func fill(_ mode: DatabaseMode, _ body: (ExportTables) throws(ClientFailure) -> Void) throws(ClientFailure)
  {
    func createIndexes() throws(ClientFailure) {
      for statement in DatabaseTable.indexCreations { try execute(statement) }
    }
    if isNew, mode == .appending { try createIndexes() }
    try body(self)
    try flush()
    if isNew, mode != .appending { try createIndexes() }
  }

  /// Adds a row to a table's `intake`; it may be buffered until `flush()`.
  func insert(_ table: DatabaseTable, _ row: [SQLValue]) throws(ClientFailure) {
    try attempt { () throws(StoreError) in try writers[table]!.append(row) }
  }

  /// Ends a row of `messages` or `announcements`.
  func end(_ row: RowWriter) throws(ClientFailure) {
    do { try row.endRow() } catch { throw failure(error) }
  }

  /// Writes the buffered rows.
  func flush() throws(ClientFailure) {
    for writer in writers.values { try attempt { () throws(StoreError) in try writer.flush() } }
  }

  /// Executes a statement.
  func execute(_ sql: String) throws(ClientFailure) {
    try attempt { () throws(StoreError) in try database.execute(sql) }
  }

  /// Executes a statement, and returns its rows.
  func rows(_ sql: String) throws(ClientFailure) -> [[SQLValue]] {
    try attempt { () throws(StoreError) in try database.rows(sql) }
  }

  /// Replaces the rows of changed connections. A row with the connection's end always wins over a row
  /// without.
  func mergeConnections() throws(ClientFailure) {
    try flush()
    let (table, intake) = (DatabaseTable.connections, DatabaseTable.connections.intake)
    let key = "source, connection, opened_ns"
    for known in ["\(table)", intake] {
      try execute(
        """
        DELETE FROM \(intake) WHERE closed_ns IS NULL \
        AND (\(key)) IN (SELECT \(key) FROM \(known) WHERE closed_ns IS NOT NULL)
        """
      )
    }
    try execute("DELETE FROM \(table) WHERE (\(key)) IN (SELECT \(key) FROM \(intake))")
    try execute("INSERT INTO \(table) SELECT * FROM \(intake)")
    try execute("DELETE FROM \(intake)")
  }

  /// Commits, and begins the next transaction.
  func commit() throws(ClientFailure) {
    try flush()
    try attempt { () throws(StoreError) in
      try database.commit()
      try database.begin(.writing, lock: nil)
    }
  }

  private func attempt<Result>(_ body: () throws(StoreError) -> Result) throws(ClientFailure) -> Result {
    do { return try body() } catch { throw failure(error) }
  }
}
