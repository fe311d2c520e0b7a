import Bytes
import PostgreSQL

/// A schema of a PostgreSQL database.
final class PostgreSQLBackend: Backend {
  private let address: String
  private let schema: String
  private let isReadOnly: Bool
  private var connection: PostgreSQLConnection?

  /// Connects.
  ///
  /// - Parameters:
  ///   - address: as of libpq.
  ///   - schema: what the tables are in; made where it is not there.
  init(_ address: String, schema: String, isReadOnly: Bool) throws {
    self.address = address
    self.schema = schema
    self.isReadOnly = isReadOnly
    _ = try connected()
  }

  /// The connection; a new one where the former broke.
  private func connected() throws -> PostgreSQLConnection {
    if let connection, connection.isConnected { return connection }
    let connection = try PostgreSQLConnection(address)
    let name = try connection.literal(schema)
    let identifier = PostgreSQLConnection.identifier(schema)
    try connection.execute("SET standard_conforming_strings = on")
    // Who may not make schemas may use one that is there.
    if try connection.execute("SELECT FROM pg_namespace WHERE nspname = \(name)").isEmpty {
      guard !isReadOnly else { throw NodeStoreError("there is no schema \(schema)") }
      try connection.execute("CREATE SCHEMA \(identifier)")
    }
    try connection.execute("SET search_path TO \(identifier)")
    for table in Table.temporary { try connection.execute(table.temporaryCreation) }
    self.connection = connection
    return connection
  }

  func transaction<Result>(_ body: (any Session) throws -> Result) throws -> Result {
    // Ids are given by whoever writes: one at a time. Readers go on.
    try run("BEGIN", lock: "LOCK TABLE properties IN EXCLUSIVE MODE", body)
  }

  func read<Result>(_ body: (any Session) throws -> Result) throws -> Result {
    try run("BEGIN ISOLATION LEVEL REPEATABLE READ", lock: nil, body)
  }

  private func run<Result>(_ beginning: String, lock: String?, _ body: (any Session) throws -> Result) throws
    -> Result
  {
    let connection = try connected()
    do {
      try connection.execute(beginning)
      let session = PostgreSQLSession(connection, schema)
      if let lock, try session.hasTable("properties") { try connection.execute(lock) }
      let result = try body(session)
      try connection.execute("COMMIT")
      return result
    } catch {
      if connection.isConnected { _ = try? connection.execute("ROLLBACK") } else { self.connection = nil }
      throw error
    }
  }
}

/// A transaction in a PostgreSQL database.
private final class PostgreSQLSession: Session {
  private let connection: PostgreSQLConnection
  private let schema: String

  /// What binary `COPY` begins with: a mark, flags and the length of an extension, both 0.
  private static let beginning =
    Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [UInt8](repeating: 0, count: 8)

  init(_ connection: PostgreSQLConnection, _ schema: String) {
    self.connection = connection
    self.schema = schema
  }

  func execute(_ sql: String) throws { try connection.execute(sql) }

  func forEachRow(_ sql: String, _ body: ([NodeValue]) throws -> Bool) throws {
    try connection.execute("DECLARE rows NO SCROLL CURSOR FOR \(sql)")
    var goesOn = true
    while goesOn {
      var kinds: [PostgreSQLConnection.Kind] = []
      let rows = try connection.execute("FETCH 10000 FROM rows", kinds: &kinds)
      for row in rows where goesOn {
        goesOn = try body(
          zip(row, kinds).map { text, kind in
            guard let text else { return .null }
            return switch kind {
            case .integer: Int64(text).map { .integer($0) } ?? .null
            case .real: Double(text).map { .real($0) } ?? .null
            case .text: .text(text)
            }
          }
        )
      }
      if rows.isEmpty { break }
    }
    try connection.execute("CLOSE rows")
  }

  func columns(_ sql: String) throws -> [String] { try connection.columns(sql) }

  func hasTable(_ name: String) throws -> Bool {
    try !connection.execute(
      """
      SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace \
      WHERE nspname = \(connection.literal(schema)) AND relname = \(connection.literal(name))
      """
    ).isEmpty
  }

  func write(_ rows: [[NodeValue]], to table: Table) throws {
    guard !rows.isEmpty else { return }
    guard table.key.isEmpty else {
      return try take(
        rows,
        table,
        """
        INSERT INTO \(table.name) (\(table.columnList)) SELECT \(table.columnList) FROM \(table.intake)\(table.conflictClause)
        """
      )
    }
    try copy(rows, into: "\(table.name) (\(table.columnList))", table)
    // Else the server guesses how many there are, and may read all nodes for each batch.
    if Table.temporary.contains(where: { $0.name == table.name }) {
      try connection.execute("ANALYZE \(table.name)")
    }
  }

  func update(_ rows: [[NodeValue]], of table: Table) throws {
    guard !rows.isEmpty else { return }
    let settings = table.settings { name, _ in "i.\(name)" }
    try take(rows, table, "UPDATE \(table.name) t SET \(settings) FROM \(table.intake) i WHERE t.id = i.id")
  }

  /// Takes rows in, and has a statement do with them what it says.
  private func take(_ rows: [[NodeValue]], _ table: Table, _ sql: String) throws {
    try connection.execute(
      """
      CREATE TEMPORARY TABLE IF NOT EXISTS \(table.intake) ON COMMIT DELETE ROWS AS \
      SELECT \(table.columnList) FROM \(table.name) LIMIT 0
      """
    )
    try copy(rows, into: "\(table.intake) (\(table.columnList))", table)
    try connection.execute(sql)
    try connection.execute("DELETE FROM \(table.intake)")
  }

  private func copy(_ rows: [[NodeValue]], into place: String, _ table: Table) throws {
    var bytes = Self.beginning
    let isReal = table.columns.map { $0.type.hasPrefix("DOUBLE") }
    for row in rows {
      bytes.appendBig(UInt16(row.count))
      for (value, isReal) in zip(row, isReal) {
        switch value {
        case .null: bytes.appendBig(UInt32.max)
        case .integer(let number):
          bytes.appendBig(UInt32(8))
          bytes.appendBig(isReal ? Double(number).bitPattern : UInt64(bitPattern: number))
        case .real(let number):
          bytes.appendBig(UInt32(8))
          bytes.appendBig(number.bitPattern)
        case .text(let text):
          bytes.appendBig(UInt32(text.utf8.count))
          bytes += text.utf8
        }
      }
    }
    bytes.appendBig(UInt16.max)
    try connection.copy(bytes, into: place)
  }
}
