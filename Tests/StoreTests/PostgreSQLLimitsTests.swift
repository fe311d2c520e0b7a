import Glibc
import Store
import TestSupport
import Testing

/// No server can make a call wait for ever.
@Suite(.enabled(if: PostgreSQLServer.programs != nil, "needs PostgreSQL"))
struct PostgreSQLLimitsTests {
  let folder = TemporaryFolder()

  /// Time-outs short enough to wait for in a test.
  static var short: PostgreSQLLimits {
    var limits = PostgreSQLLimits()
    limits.connecting = 2
    limits.lock = 1
    limits.answer = 1
    return limits
  }

  /// Time-outs too long to wait for in a test.
  static var long: PostgreSQLLimits {
    var limits = PostgreSQLLimits()
    limits.connecting = 100_000
    limits.lock = 100_000
    limits.answer = 100_000
    return limits
  }

  /// A listener on loopback that accepts connections and never sends anything.
  private final class MuteServer {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let port: UInt16

    init() {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let descriptor = descriptor
      let isListening = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0
            && getsockname(descriptor, $0, &size) == 0
        }
      }
      precondition(isListening)
      port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
  }

  @Test func givesUpOnAServerThatNeverAnswers() throws {
    let server = MuteServer()
    let address = "host=127.0.0.1 port=\(server.port) dbname=x user=x sslmode=disable gssencmode=disable"
    #expect(throws: StoreError.self) { try PostgreSQLConnection(address, Self.short) }
    // Time-outs in the address take precedence.
    #expect(throws: StoreError.self) {
      try PostgreSQLConnection(address + " connect_timeout=2", Self.long)
    }
  }

  @Test func givesUpOnALockThatAnotherHolds() throws {
    let server = try PostgreSQLServer(folder)
    let other = try server.connect()
    try other.execute("CREATE TABLE things (id BIGINT)")
    try other.execute("BEGIN; LOCK TABLE things")
    let database = try SQL.openPostgreSQL(server.address, schema: "public", limits: Self.short)
    let failure = #expect(throws: StoreError.self) {
      try database.transaction(.writing, lock: "things") {}
    }
    #expect(failure?.description.contains("lock timeout") == true, "\(String(describing: failure))")
    #expect(throws: StoreError.self) { try database.rows("SELECT * FROM things") }
    try other.execute("COMMIT")
    try database.transaction(.writing, lock: "things") {
      try database.execute("INSERT INTO things VALUES (1)")
    }
    #expect(try database.integer("SELECT count(*) FROM things") == 1)
  }

  @Test func leavesWhatTheUserSays() throws {
    let server = try PostgreSQLServer(folder)
    func lockTimeout(_ address: String) throws -> String {
      try PostgreSQLConnection(address, Self.short).rows("SHOW lock_timeout")[0][0].description
    }
    #expect(try lockTimeout(server.address) == "1s")
    #expect(try lockTimeout(server.address + "&options=-c%20lock_timeout%3D7s") == "7s")
    try server.connect().execute("ALTER ROLE tester SET lock_timeout = '9s'")
    #expect(try lockTimeout(server.address) == "9s")
    #expect(
      try PostgreSQLConnection(server.address, Self.short).rows("SHOW statement_timeout") == [[.text("0")]]
    )
  }

  @Test func waitsForALongStatementOfAServerThatLives() throws {
    let server = try PostgreSQLServer(folder)
    let connection = try PostgreSQLConnection(server.address, Self.short)
    #expect(try connection.rows("SELECT 1 FROM pg_sleep(2.5)") == [[.integer(1)]])
  }

  @Test func givesUpOnAServerThatStands() throws {
    let server = try PostgreSQLServer(folder)
    let database = try SQL.openPostgreSQL(server.address, schema: "public", limits: Self.short)
    let table = SQLTable(name: "things", columns: [("name", "TEXT")])
    try database.execute(table.creation)
    let session = pid_t(try #require(try database.integer("SELECT pg_backend_pid()")))
    server.signal(SIGSTOP)
    kill(session, SIGSTOP)
    defer {
      kill(session, SIGCONT)
      server.signal(SIGCONT)
    }
    // More bytes than any socket buffer holds.
    let rows = [[SQLValue]](repeating: [.text(String(repeating: "x", count: 1 << 16))], count: 256)
    let failure = #expect(throws: StoreError.self) { try database.write(rows, to: table) }
    #expect(failure?.description.contains("does not answer") == true, "\(String(describing: failure))")
  }

  @Test func connectsAgainAfterTheConnectionBroke() throws {
    let server = try PostgreSQLServer(folder)
    let temporary = SQLTable(name: "mine", columns: [("id", "BIGINT")])
    let database = try SQL.openPostgreSQL(
      server.address,
      schema: "public",
      settings: [temporary.temporaryCreation]
    )
    let session = try #require(try database.integer("SELECT pg_backend_pid()"))
    try server.connect().execute("SELECT pg_terminate_backend(\(session))")
    #expect(throws: StoreError.self) {
      try database.transaction(.writing) { try database.write([[.integer(1)]], to: temporary) }
    }
    try database.transaction(.writing) { try database.write([[.integer(1)]], to: temporary) }
    #expect(try database.integer("SELECT count(*) FROM mine") == 1)
  }
}
