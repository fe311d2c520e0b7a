/// An SQLite or PostgreSQL database, for one thread at a time. The same SQL works with both.
public protocol Database: AnyObject {
  /// Begins a transaction.
  ///
  /// - Parameters:
  ///   - access: whether the transaction writes.
  ///   - lock: a table to lock against other writers until the end of the transaction. It is ignored if it
  ///     does not exist, and by SQLite, which has only one writer at a time anyway.
  func begin(_ access: DatabaseAccess, lock: String?) throws(StoreError)

  /// Ends the transaction and keeps its writes.
  func commit() throws(StoreError)

  /// Ends the transaction, if there is one, and undoes its writes.
  func rollBack()

  /// Creates the schema of the tables, if it does not exist.
  func makeSchema() throws(StoreError)

  /// Executes a statement.
  func execute(_ sql: String) throws(StoreError)

  /// Executes a statement, and returns its rows.
  func rows(_ sql: String) throws(StoreError) -> [[SQLValue]]

  /// Calls `body` with each row of a query, until it returns false. It needs a transaction. Memory does not
  /// grow with the number of rows.
  func forEachRow(_ sql: String, _ body: ([SQLValue]) throws -> Bool) throws

  /// The names of a query's columns.
  func columns(_ sql: String) throws(StoreError) -> [String]

  /// Whether a table exists.
  func hasTable(_ name: String) throws(StoreError) -> Bool

  /// Creates a writer that adds rows to a table. It needs a transaction.
  func writer(into table: SQLTable) throws(StoreError) -> RowWriter

  /// Adds rows to a table. If the table has a key, they replace rows with the same key.
  func write(_ rows: [[SQLValue]], to table: SQLTable) throws(StoreError)

  /// Updates existing rows. Columns that are not in `table` keep their values.
  ///
  /// - Parameter table: the columns of the rows; the first one is the key, `id`.
  func update(_ rows: [[SQLValue]], of table: SQLTable) throws(StoreError)
}

/// The access of a transaction.
public enum DatabaseAccess: Sendable {
  /// It reads the database as of one moment.
  case reading
  /// It writes.
  case writing
}

extension Database {
  /// Calls `body` in a transaction, which is undone if an error is thrown.
  ///
  /// - Parameters:
  ///   - access: whether the transaction writes.
  ///   - lock: a table to lock against other writers (see `begin`).
  public func transaction<Result>(
    _ access: DatabaseAccess,
    lock: String? = nil,
    _ body: () throws -> Result
  ) throws -> Result {
    do {
      try begin(access, lock: lock)
      let result = try body()
      try commit()
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  /// The integer that a query returns; nil if it returns none.
  public func integer(_ sql: String) throws(StoreError) -> Int64? { try rows(sql).first?.first?.integer }
}

extension SQL {
  /// Opens an SQLite database.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - access: `.reading` if the file must exist and is not written.
  ///   - settings: statements for the connection, such as `PRAGMA`s and temporary tables. The connection
  ///     waits 30 s for another writer, unless one of them is `PRAGMA busy_timeout`.
  public static func openSQLite(
    _ path: String,
    _ access: DatabaseAccess = .writing,
    settings: [String] = []
  ) throws(StoreError) -> any Database {
    try SQLiteDatabase(path, access, settings: settings)
  }

  /// Connects to a schema of a PostgreSQL database.
  ///
  /// - Parameters:
  ///   - address: a libpq connection string.
  ///   - schema: the schema of the tables; it need not exist yet.
  ///   - settings: statements for each connection, such as temporary tables.
  ///   - limits: time-outs.
  public static func openPostgreSQL(
    _ address: String,
    schema: String,
    settings: [String] = [],
    limits: PostgreSQLLimits = PostgreSQLLimits()
  ) throws(StoreError) -> any Database {
    try PostgreSQLDatabase(address, schema: schema, settings: settings, limits: limits)
  }
}
