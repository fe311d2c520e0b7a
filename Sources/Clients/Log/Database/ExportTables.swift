import Commands
import Store

/// The tables that an export writes into, a transaction after another.
final class ExportTables {
  /// Whether the tables were made just now.
  let isNew: Bool

  /// Takes rows of `messages`, each ended with `end(_:)`: there are many.
  let messages: RowWriter
  /// Takes rows of `announcements`; likewise.
  let announcements: RowWriter

  private let database: any Database
  private let writers: [DatabaseTable: RowWriter]
  private let failure: (StoreError) -> ClientFailure

  /// Makes the tables, unless they are there.
  ///
  /// - Parameters:
  ///   - database: where they are, within a transaction.
  ///   - failure: what to say if the database fails.
  init(_ database: any Database, failure: @escaping (StoreError) -> ClientFailure) throws(StoreError) {
    self.database = database
    self.failure = failure
    isNew = try !database.hasTable(DatabaseTable.properties.rawValue)
    if isNew {
      for table in DatabaseTable.allCases { try database.execute(table.creation) }
    }
    let (table, intake) = (DatabaseTable.connections, DatabaseTable.connections.intake)
    // Connections that have changed wait here until they are merged.
    try database.execute("CREATE TEMPORARY TABLE \(intake) AS SELECT * FROM \(table) LIMIT 0")
    var writers: [DatabaseTable: RowWriter] = [:]
    for table in DatabaseTable.allCases { writers[table] = try database.writer(into: table.intakeTable) }
    self.writers = writers
    messages = writers[.messages]!
    announcements = writers[.announcements]!
  }

  /// Has `body` write, and makes the indexes: they cost least once all is there, but have to be there when an export that
  /// is cut off goes on later.
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

  /// Adds a row to a table's `intake`; it may wait until `flush()`.
  func insert(_ table: DatabaseTable, _ row: [SQLValue]) throws(ClientFailure) {
    try attempt { () throws(StoreError) in try writers[table]!.append(row) }
  }

  /// Ends a row of `messages` or `announcements`.
  func end(_ row: RowWriter) throws(ClientFailure) {
    do { try row.endRow() } catch { throw failure(error) }
  }

  /// Gives the database the rows that wait.
  func flush() throws(ClientFailure) {
    for writer in writers.values { try attempt { () throws(StoreError) in try writer.flush() } }
  }

  /// Executes a statement.
  func execute(_ sql: String) throws(ClientFailure) {
    try attempt { () throws(StoreError) in try database.execute(sql) }
  }

  /// Executes a statement, and gives the rows that it returns.
  func rows(_ sql: String) throws(ClientFailure) -> [[SQLValue]] {
    try attempt { () throws(StoreError) in try database.rows(sql) }
  }

  /// Brings changed connections to where they are looked for. What tells of a connection's end holds, whatever else
  /// is told of it.
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

  /// Commits what was written, and begins the next transaction.
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
