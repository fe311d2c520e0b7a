import Bytes
import PostgreSQL

/// Tables of a schema of a PostgreSQL database that an export writes into.
final class PostgreSQLStore: DatabaseStore {
  let isNew: Bool
  let prefix: String

  private let connection: PostgreSQLConnection
  /// Rows of each table that the server has not yet, as `COPY` has them.
  private var waiting: [DatabaseTable: [UInt8]] = [:]

  /// Bytes of a table's rows that are sent at a time, about.
  private static let batch = 1 << 20

  /// What binary `COPY` begins with: a mark, flags and the length of an extension, both 0.
  private static let beginning =
    Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [UInt8](repeating: 0, count: 8)

  private init(_ connection: PostgreSQLConnection, _ schema: String, isNew: Bool) throws(ClientFailure) {
    self.connection = connection
    self.isNew = isNew
    prefix = PostgreSQLConnection.identifier(schema) + "."
    if isNew {
      try createTables {
        switch $0 {
        case .integer: "BIGINT"
        case .text: "TEXT"
        case .bytes: "BYTEA"
        }
      }
    }
    try createIntake()
  }

  /// Writes the tables: `body` gets them. Where they are not added to, nobody sees any of it until all is done.
  ///
  /// - Parameters:
  ///   - address: where the database is, as of libpq.
  ///   - schema: what the tables are in; made where it is not there.
  static func write(
    _ address: String,
    schema: String,
    _ mode: DatabaseMode,
    _ body: (PostgreSQLStore) throws(ClientFailure) -> Void
  ) throws(ClientFailure) {
    let connection = try attempt { () throws(PostgreSQLError) in try PostgreSQLConnection(address) }
    try execute(connection, "BEGIN")
    let isThere = try makeRoom(connection, schema, mode)
    let store = try PostgreSQLStore(connection, schema, isNew: !isThere)
    try store.fill(mode, body)
    try execute(connection, "COMMIT")
  }

  /// Sees to it that there is a schema, without the tables unless they are added to; whether they are there.
  private static func makeRoom(
    _ connection: PostgreSQLConnection,
    _ schema: String,
    _ mode: DatabaseMode
  ) throws(ClientFailure) -> Bool {
    let name = try attempt { () throws(PostgreSQLError) in try connection.literal(schema) }
    // Who may not make schemas may use one that is there.
    if try execute(connection, "SELECT FROM pg_namespace WHERE nspname = \(name)").isEmpty {
      try execute(connection, "CREATE SCHEMA \(PostgreSQLConnection.identifier(schema))")
    }
    let there = try execute(
      connection,
      "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = \(name)"
    ).compactMap { $0[0].flatMap(DatabaseTable.init) }
    if there.isEmpty || mode == .appending { return there.contains(.properties) }
    guard mode == .replacing else {
      let names = there.map(\.rawValue).sorted().joined(separator: ", ")
      throw ClientFailure(
        .someFailed,
        "The schema \(schema) has the tables already (\(names)); --force replaces them, --append adds to them."
      )
    }
    let tables = there.map { "\(PostgreSQLConnection.identifier(schema)).\($0)" }
    try execute(connection, "DROP TABLE \(tables.joined(separator: ", "))")
    return false
  }

  func insert(_ table: DatabaseTable, _ row: [DatabaseField]) throws(ClientFailure) {
    var bytes = waiting.removeValue(forKey: table) ?? Self.beginning
    bytes.appendBig(UInt16(row.count))
    for field in row {
      switch field {
      case .none: bytes.appendBig(UInt32.max)
      case .integer(let value):
        bytes.appendBig(UInt32(8))
        bytes.appendBig(UInt64(bitPattern: value))
      case .text(let text):
        bytes.appendBig(UInt32(text.utf8.count))
        bytes += text.utf8
      case .bytes(let value):
        bytes.appendBig(UInt32(value.count))
        bytes += value
      }
    }
    let isMuch = bytes.count >= Self.batch
    waiting[table] = bytes
    if isMuch { try send(table) }
  }

  /// Sends a table's rows that wait.
  private func send(_ table: DatabaseTable) throws(ClientFailure) {
    guard var bytes = waiting.removeValue(forKey: table) else { return }
    bytes.appendBig(UInt16.max)
    let place = table == .connections ? table.intake : prefix + table.rawValue
    try Self.attempt { () throws(PostgreSQLError) in try connection.copy(bytes, into: place) }
  }

  func flush() throws(ClientFailure) {
    for table in DatabaseTable.allCases { try send(table) }
  }

  func execute(_ sql: String) throws(ClientFailure) -> [[String?]] { try Self.execute(connection, sql) }

  @discardableResult
  private static func execute(_ connection: PostgreSQLConnection, _ sql: String) throws(ClientFailure)
    -> [[String?]]
  {
    try attempt { () throws(PostgreSQLError) in try connection.execute(sql) }
  }

  private static func attempt<Result>(_ body: () throws(PostgreSQLError) -> Result) throws(ClientFailure)
    -> Result
  {
    do { return try body() } catch {
      switch error {
      case .unreadableAddress: throw ClientFailure(.usage, "\(error).")
      case .failed: throw ClientFailure(.someFailed, "The database cannot be written: \(error).")
      }
    }
  }
}
