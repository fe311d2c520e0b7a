import Store
import TestSupport
import Testing

/// A database for one test, in SQLite or PostgreSQL.
struct TestDatabase {
  /// The kinds of databases available here.
  static let kinds = PostgreSQLServer.programs == nil ? ["sqlite"] : ["sqlite", "postgres"]

  let folder = TemporaryFolder()
  let database: any Database
  let server: PostgreSQLServer?

  init(_ kind: String) throws {
    server = kind == "postgres" ? try PostgreSQLServer(folder) : nil
    database =
      if let server {
        try SQL.openPostgreSQL(server.address, schema: "test")
      } else {
        try SQL.openSQLite(folder.path + "test.sqlite")
      }
    try database.transaction(.writing) { try database.makeSchema() }
  }
}

/// Bulk writing, checked by reading the rows back.
@Suite struct RowWriterTests {
  static let table = SQLTable(
    name: "things",
    columns: [
      ("id", "BIGINT PRIMARY KEY"), ("share", "DOUBLE PRECISION"), ("name", "TEXT"), ("content", "BYTEA"),
    ],
    key: ["id"]
  )

  static func row(_ number: Int64) -> [SQLValue] {
    let texts = ["", "a", "it's \"ü€\" \u{10ffff}\n\\", String(repeating: "long ", count: 5000)]
    return [
      .integer(number), number % 5 == 0 ? .null : .real(Double(number) / 3),
      number % 7 == 0 ? .null : .text(texts[Int(number) % texts.count]),
      number % 3 == 0 ? .null : .bytes([UInt8](repeating: UInt8(number & 255), count: Int(number) % 300)),
    ]
  }

  /// The rows in the database, with bytes in hexadecimal.
  static func content(_ test: TestDatabase) throws -> [[SQLValue]] {
    let bytes = test.server == nil ? "lower(hex(content))" : "encode(content, 'hex')"
    return try test.database.rows(
      "SELECT id, share, name, CASE WHEN content IS NOT NULL THEN \(bytes) END FROM things ORDER BY id"
    )
  }

  static func expected(_ rows: [[SQLValue]]) -> [[SQLValue]] {
    rows.map { $0.map { if case .bytes = $0 { .text($0.description) } else { $0 } } }
  }

  @Test(arguments: TestDatabase.kinds)
  func writesEveryValueInAnyNumberOfRows(_ kind: String) throws {
    let test = try TestDatabase(kind)
    try test.database.execute(Self.table.creation)
    for count in [0, 1, 2, 31, 32, 33, 64, 500] as [Int64] {
      try test.database.execute("DELETE FROM things")
      let rows = (0..<count).map(Self.row)
      try test.database.transaction(.writing) {
        let writer = try test.database.writer(into: SQLTable(name: "things", columns: Self.table.columns))
        for row in rows { try writer.append(row) }
        try writer.flush()
      }
      #expect(try Self.content(test) == Self.expected(rows), "\(count)")
    }
    let extremes: [SQLValue] = [.integer(.min), .real(.infinity), .text("a\0b\0"), .bytes([0, 255])]
    try test.database.transaction(.writing) { try test.database.write([extremes], to: Self.table) }
    #expect(try Self.content(test)[0] == [.integer(.min), .real(.infinity), .text("ab"), .text("00ff")])
    let whole: [SQLValue] = [.integer(.max), .integer(3), .null, .null]
    try test.database.transaction(.writing) { try test.database.write([whole], to: Self.table) }
    #expect(try Self.content(test).last == [.integer(.max), .real(3), .null, .null])
  }

  @Test(arguments: TestDatabase.kinds)
  func replacesAndChangesRows(_ kind: String) throws {
    let test = try TestDatabase(kind)
    let database = test.database
    try database.execute(Self.table.creation)
    let rows = (0..<100 as Range<Int64>).map(Self.row)
    try database.transaction(.writing) { try database.write(rows, to: Self.table) }
    var changed = rows
    for index in stride(from: 0, to: 100, by: 3) { changed[index][2] = .text("replaced") }
    try database.transaction(.writing) { try database.write(changed, to: Self.table) }
    let names = SQLTable(name: "things", columns: [("id", "BIGINT"), ("name", "TEXT")], key: ["id"])
    let settings = (50..<99 as Range<Int64>).map { [SQLValue.integer($0), .text("set")] }
    try database.transaction(.writing) { try database.update(settings, of: names) }
    for index in 50..<99 { changed[index][2] = .text("set") }
    #expect(try Self.content(test) == Self.expected(changed))
  }

  @Test(arguments: TestDatabase.kinds)
  func leavesNothingOfWhatFails(_ kind: String) throws {
    let test = try TestDatabase(kind)
    let database = test.database
    let table = SQLTable(name: "things", columns: Self.table.columns)
    try database.execute(Self.table.creation)
    try database.transaction(.writing) { try database.write([Self.row(7)], to: table) }
    // One of the rows exists already.
    let failure = #expect(throws: StoreError.self) {
      try database.transaction(.writing) { try database.write((0..<40).map(Self.row), to: table) }
    }
    guard case .refused = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(try Self.content(test) == Self.expected([Self.row(7)]))
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try database.transaction(.writing) {
        try database.write([Self.row(8)], to: table)
        throw Stop()
      }
    }
    try database.transaction(.writing) { try database.write([Self.row(9)], to: table) }
    #expect(try Self.content(test) == Self.expected([Self.row(7), Self.row(9)]))
    let missing = #expect(throws: StoreError.self) { try database.execute("DELETE FROM nowhere") }
    guard case .failed = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
  }

  @Test(arguments: TestDatabase.kinds)
  func readsRowsOneAfterTheOther(_ kind: String) throws {
    let test = try TestDatabase(kind)
    let database = test.database
    try database.execute(Self.table.creation)
    try database.transaction(.writing) {
      try database.write((0..<25_000).map { [.integer($0), .null, .null, .null] }, to: Self.table)
    }
    for limit in [1, 9_999, 10_000, 10_001, 25_000, 30_000] {
      var count: Int64 = 0
      try database.transaction(.reading) {
        try database.forEachRow("SELECT id FROM things ORDER BY id") { row in
          #expect(row == [.integer(count)])
          count += 1
          return count < limit
        }
      }
      #expect(count == min(Int64(limit), 25_000))
    }
    #expect(try database.columns("SELECT id, name AS n FROM things") == ["id", "n"])
    #expect(try database.hasTable("things") && !database.hasTable("nowhere"))
    #expect(try database.integer("SELECT max(id) FROM things") == 24_999)
  }
}
