/// A SQLite or PostgreSQL database, used by one thread at a time. Statements are the same for both.
public protocol Database: AnyObject {
  /// Begins a transaction.
  ///
  /// - Parameters:
  ///   - access: whether it writes.
  ///   - lock: a table that no other writer has locked meanwhile; SQLite lets only one write anyway. Ignored if there is no
  ///     such table.
  func begin(_ access: DatabaseAccess, lock: String?) throws(StoreError)

  /// Ends a transaction; what it wrote is there.
  func commit() throws(StoreError)

  /// Ends a transaction, if there is one; what it wrote is gone.
  func rollBack()

  /// Creates the schema that the tables are in, if it is not there.
  func makeSchema() throws(StoreError)

  /// Executes a statement.
  func execute(_ sql: String) throws(StoreError)

  /// The rows that a statement returns.
  func rows(_ sql: String) throws(StoreError) -> [[SQLValue]]

  /// Calls `body` with each row of a query, until it returns false; within a transaction. Memory does not grow with the rows.
  func forEachRow(_ sql: String, _ body: ([SQLValue]) throws -> Bool) throws

  /// The names of the columns that a query returns.
  func columns(_ sql: String) throws(StoreError) -> [String]

  /// Whether there is a table.
  func hasTable(_ name: String) throws(StoreError) -> Bool

  /// A writer that adds rows to a table; within a transaction.
  func writer(into table: SQLTable) throws(StoreError) -> RowWriter

  /// Adds rows to a table; if it has a key they replace those that are there.
  func write(_ rows: [[SQLValue]], to table: SQLTable) throws(StoreError)

  /// Changes rows that are there; columns of the database's table that `table` does not name stay as they are.
  ///
  /// - Parameter table: the columns that the rows have, the first of which is the key, `id`.
  func update(_ rows: [[SQLValue]], of table: SQLTable) throws(StoreError)
}

/// What a transaction may do.
public enum DatabaseAccess: Sendable {
  /// It reads the database as of one moment.
  case reading
  /// It writes.
  case writing
}

extension Database {
  /// Does all of `body` or nothing of it.
  ///
  /// - Parameters:
  ///   - access: whether it writes.
  ///   - lock: a table that no other writer has locked meanwhile.
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

  /// The number that a query returns; nil if it returns none.
  public func integer(_ sql: String) throws(StoreError) -> Int64? { try rows(sql).first?.first?.integer }
}

extension SQL {
  /// Opens a SQLite database.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - access: `.reading` if it has to be there and is not written.
  ///   - settings: statements for the connection, such as `PRAGMA`s and temporary tables. Another writer is awaited for
  ///     30 s unless one of them is `PRAGMA busy_timeout`.
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
  ///   - address: as of libpq.
  ///   - schema: what the tables are in; it need not be there yet.
  ///   - settings: statements for each connection, such as temporary tables.
  ///   - limits: how long the server is waited for.
  public static func openPostgreSQL(
    _ address: String,
    schema: String,
    settings: [String] = [],
    limits: PostgreSQLLimits = PostgreSQLLimits()
  ) throws(StoreError) -> any Database {
    try PostgreSQLDatabase(address, schema: schema, settings: settings, limits: limits)
  }
}
