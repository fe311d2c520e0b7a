import Bytes

/// Writes rows into tables of a schema of a PostgreSQL database, in one transaction.
final class PostgreSQLExport {
  private let connection: PostgreSQLConnection
  private let prefix: String
  /// Rows of each table that the server has not yet, as `COPY` has them.
  private var waiting: [DatabaseTable: [UInt8]] = [:]

  /// Bytes of a table's rows that are sent at a time, about.
  private static let batch = 1 << 20

  /// What binary `COPY` begins with: a mark, flags and the length of an extension, both 0.
  private static let beginning =
    Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [UInt8](repeating: 0, count: 8)

  private init(_ connection: PostgreSQLConnection, prefix: String) {
    self.connection = connection
    self.prefix = prefix
  }

  /// Writes the tables: `body` gets what takes their rows. Until all is done nobody sees any of it.
  ///
  /// - Parameters:
  ///   - address: where the database is, as of libpq.
  ///   - schema: what the tables are in; made where it is not there.
  ///   - replaces: whether to replace tables that are there.
  static func write(
    _ address: String,
    schema: String,
    replaces: Bool,
    _ body: (PostgreSQLExport) throws -> Void
  ) throws(ClientFailure) {
    do {
      let connection = try PostgreSQLConnection(address)
      let prefix = PostgreSQLConnection.identifier(schema) + "."
      try connection.execute("BEGIN")
      try makeRoom(connection, schema, prefix, replaces)
      for table in DatabaseTable.allCases {
        try connection.execute(
          table.creation(prefix: prefix) {
            switch $0 {
            case .integer: "BIGINT"
            case .text: "TEXT"
            case .bytes: "BYTEA"
            }
          }
        )
      }
      let export = PostgreSQLExport(connection, prefix: prefix)
      try body(export)
      for table in DatabaseTable.allCases { try export.send(table) }
      for statement in DatabaseTable.indexCreations(prefix: prefix) { try connection.execute(statement) }
      try connection.execute("COMMIT")
    } catch let failure as ClientFailure {
      throw failure
    } catch {
      throw ClientFailure(.someFailed, "The database cannot be written: \(error).")
    }
  }

  /// Sees to it that there is a schema without the tables.
  private static func makeRoom(
    _ connection: PostgreSQLConnection,
    _ schema: String,
    _ prefix: String,
    _ replaces: Bool
  ) throws {
    let name = try connection.literal(schema)
    // Who may not make schemas may use one that is there.
    if try connection.execute("SELECT FROM pg_namespace WHERE nspname = \(name)").isEmpty {
      try connection.execute("CREATE SCHEMA \(PostgreSQLConnection.identifier(schema))")
    }
    let there = try connection.execute(
      "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = \(name)"
    ).compactMap { $0[0].flatMap(DatabaseTable.init) }
    guard !there.isEmpty else { return }
    guard replaces else {
      let names = there.map(\.rawValue).sorted().joined(separator: ", ")
      throw ClientFailure(
        .someFailed,
        "The schema \(schema) has the tables already (\(names)); --force replaces them."
      )
    }
    try connection.execute("DROP TABLE \(there.map { prefix + $0.rawValue }.joined(separator: ", "))")
  }

  /// Adds a row.
  func insert(_ table: DatabaseTable, _ row: [DatabaseField]) throws {
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
  private func send(_ table: DatabaseTable) throws {
    guard var bytes = waiting.removeValue(forKey: table) else { return }
    bytes.appendBig(UInt16.max)
    try connection.copy(bytes, into: prefix + table.rawValue)
  }
}
