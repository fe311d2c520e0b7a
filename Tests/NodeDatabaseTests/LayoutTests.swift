import Observations
import Store
import TestSupport
import Testing

@testable import NodeDatabase

/// Databases of earlier versions.
@Suite struct LayoutTests {
  private let one = Made.endpoint(1)

  /// A database as version 1 of the layout has it, with one node that could not be reached.
  private static func early(_ place: String) throws -> any Database {
    let database: any Database =
      place.hasPrefix("postgres")
      ? try SQL.openPostgreSQL(place, schema: "nodes") : try SQL.openSQLite(place, .writing)
    try database.transaction(.writing) {
      try database.makeSchema()
      try database.execute("CREATE TABLE properties (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
      for statement in Layout.migrations[0] { try database.execute(statement) }
      try database.execute("INSERT INTO properties (name, value) VALUES ('layout', '1'), ('network', 'main')")
      try database.execute(
        """
        INSERT INTO nodes (id, endpoint, network, address, port, state, reason) \
        VALUES (1, '1.2.0.1:8333', 'ipv4', '1.2.0.1', 8333, 'refused', 'refused')
        """
      )
      // An operator's own view.
      try database.execute("CREATE VIEW mine AS SELECT * FROM nodes_now")
      try database.execute(
        "INSERT INTO attempts (node, time_ns, state, reason) VALUES (1, 5, 'refused', 'refused')"
      )
    }
    return database
  }

  @Test(arguments: TestStore.kinds, [false, true])
  func bringsAnEarlyDatabaseForward(_ kind: String, isReadOnly: Bool) throws {
    let folder = TemporaryFolder()
    let server = kind == "postgres" ? try PostgreSQLServer(folder) : nil
    let place = server?.address ?? folder.path + "nodes.sqlite"
    let database = try Self.early(place)
    #expect(throws: StoreError.self) { try database.rows("SELECT cause FROM attempts") }
    let store = try NodeStore.open(place, isReadOnly: isReadOnly)
    let node = try #require(try store.nodes().first)
    #expect(node.endpoint == one)
    #expect(node.state == .refused)
    #expect(node[.reason] == .text("refused"))
    #expect(node[.cause] == .null)
    #expect(try store.attempts(one).map(\.reason) == ["refused"])
    let writer = try NodeStore.open(place)
    try writer.claim(network: "main")
    try writer.record([Made.failed(one, 100, .timedOut)])
    let changed = try #require(try writer.nodes().first)
    #expect(changed[.cause] == .text("timed out"))
    #expect(changed[.causeCode] == .integer(Int64(Outcome.Code.timedOut.rawValue)))
    let causes = try database.rows("SELECT cause, cause_code FROM attempts ORDER BY time_ns")
    #expect(causes == [[.null, .null], [.text("timed out"), .integer(3)]])
    try writer.record([Made.reached(one, 200)])
    #expect(try writer.nodes().first?[.cause] == .null)
    #expect(try database.rows("SELECT endpoint FROM mine") == [[.text("1.2.0.1:8333")]])
  }

  @Test(arguments: TestStore.kinds) func refusesALaterLayout(_ kind: String) throws {
    let test = try TestStore(kind)
    let database: any Database =
      kind == "postgres"
      ? try SQL.openPostgreSQL(test.place, schema: "nodes") : try SQL.openSQLite(test.place, .writing)
    try database.execute("UPDATE properties SET value = '99' WHERE name = 'layout'")
    for isReadOnly in [true, false] {
      #expect(throws: NodeStoreError("a newer version has written it: its layout is 99")) {
        try test.reopened(isReadOnly: isReadOnly)
      }
    }
  }
}
