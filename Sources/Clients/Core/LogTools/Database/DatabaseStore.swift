/// A database that an export writes into, a transaction after another.
protocol DatabaseStore: AnyObject {
  /// Whether the tables were made just now.
  var isNew: Bool { get }

  /// What the names of tables begin with in statements.
  var prefix: String { get }

  /// Adds a row to a table's `intake`; it may wait until `flush()`.
  func insert(_ table: DatabaseTable, _ row: [DatabaseField]) throws(ClientFailure)

  /// Gives the database the rows that wait.
  func flush() throws(ClientFailure)

  /// Does what a statement says, and gives the rows that it returns.
  @discardableResult
  func execute(_ sql: String) throws(ClientFailure) -> [[String?]]
}

/// How an export treats what is there already.
enum DatabaseMode {
  /// It refuses to touch it.
  case creating
  /// It replaces it, when all is done.
  case replacing
  /// It adds what is not there yet, bit by bit.
  case appending
}

extension DatabaseStore {
  /// Makes the tables.
  ///
  /// - Parameter types: what the database calls each kind.
  func createTables(_ types: (DatabaseTable.Kind) -> String) throws(ClientFailure) {
    for table in DatabaseTable.allCases { try execute(table.creation(prefix: prefix, types)) }
  }

  /// Makes the indexes.
  func createIndexes() throws(ClientFailure) {
    for statement in DatabaseTable.indexCreations(prefix: prefix) { try execute(statement) }
  }

  /// Has `body` write, and sees to the indexes: they cost least where all is there, but have to be there where an
  /// export that is cut off goes on later.
  func fill(_ mode: DatabaseMode, _ body: (Self) throws(ClientFailure) -> Void) throws(ClientFailure) {
    if isNew, mode == .appending { try createIndexes() }
    try body(self)
    try flush()
    if isNew, mode != .appending { try createIndexes() }
  }

  /// Makes the place that changed connections wait in until they are merged.
  func createIntake() throws(ClientFailure) {
    let (table, intake) = (DatabaseTable.connections, DatabaseTable.connections.intake)
    try execute("CREATE TEMPORARY TABLE \(intake) AS SELECT * FROM \(prefix)\(table) LIMIT 0")
  }

  /// Brings changed connections to where they are looked for. What tells of a connection's end holds, whatever else
  /// is told of it.
  func mergeConnections() throws(ClientFailure) {
    try flush()
    let table = "\(prefix)\(DatabaseTable.connections)"
    let intake = DatabaseTable.connections.intake
    let key = "source, connection, opened_ns"
    for known in [table, intake] {
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
    try execute("COMMIT")
    try execute("BEGIN")
  }
}
