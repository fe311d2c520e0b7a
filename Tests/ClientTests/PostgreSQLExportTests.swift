import Foundation
import LogProtocol
import TestSupport
import Testing

@testable import Commands
@testable import LogCommands

/// `netmine log export --as postgres`, into a real server.
@Suite(.enabled(if: PostgreSQLServer.programs != nil, "needs PostgreSQL"))
struct PostgreSQLExportTests {
  let runner: CommandRunner
  let folder: TemporaryFolder
  let server: PostgreSQLServer

  init() throws {
    runner = try CommandRunner()
    folder = runner.folder
    server = try PostgreSQLServer(folder)
  }

  func export(_ arguments: String...) throws -> CommandRunner.Outcome {
    try runner.run(["log", "export", "--as", "postgres", "--database", server.address] + arguments)
  }

  func count(_ table: String, in schema: String = "netmine") throws -> String? {
    try server.connect().rows("SELECT count(*) FROM \(schema).\(table)")[0][0].description
  }

  @Test(arguments: [LogArchive.bytes, LogArchive.coinscope])
  func holdsWhatSQLiteHolds(_ bytes: [UInt8]) throws {
    // Enough rows for several batches, and every kind of field.
    let many = (20..<1500).flatMap {
      LogArchive.message("addr", $0, [UInt8](repeating: UInt8($0 & 255), count: 1000), connection: 2)
    }
    let strange = LogArchive.record(.debug, 13, Array("a\0b\t\"'\\\\ü€ \u{10ffff}\u{7f}".utf8) + [0xff])
    var all = bytes
    if bytes == LogArchive.bytes { all += strange + many }
    let path = folder.write(all, to: "a.log")
    #expect(try export("--payload", path).status == .succeeded)
    let other = try ExportDatabase("sqlite", folder)
    #expect(try runner.run(other.arguments + ["--payload", path]).status == .succeeded)
    let database = ExportDatabase.postgres(server)
    for table in DatabaseTable.allCases {
      let rows = try database.rows(table)
      #expect(!rows.isEmpty || table == .sequences && bytes == LogArchive.coinscope)
      #expect(try rows == other.rows(table), "\(table)")
    }
    let indexes = try server.connect().rows("SELECT FROM pg_indexes WHERE schemaname = 'netmine'")
    #expect(indexes.count == DatabaseTable.indexes.count + 1)
  }

  @Test func writesAllOrNothing() throws {
    let path = folder.write(LogArchive.bytes, to: "a.log")
    #expect(try export("--schema", "Nodes \"1\"", path).status == .succeeded)
    #expect(try count("messages", in: "\"Nodes \"\"1\"\"\"") == "6")
    #expect(try export(path).status == .succeeded)
    let again = try export(path)
    #expect(again.status == .someFailed)
    #expect(again.complaints.first?.contains("--force replaces them") == true)
    #expect(try export("--force", "--command", "ping", path).status == .succeeded)
    #expect(try count("messages") == "1")
    // A view depends on the table, so neither the table nor its rows may be dropped.
    try server.connect().execute("CREATE VIEW public.pings AS SELECT * FROM netmine.messages")
    let needed = try export("--force", path)
    #expect(needed.status == .someFailed)
    #expect(
      needed.complaints.first?.contains("view public.pings depends on table messages") == true,
      "\(needed)"
    )
    #expect(try count("pings", in: "public") == "1")
    // The server fails in the middle of the export. Afterwards there are no rows, and no schema.
    try server.connect().execute(
      """
      CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS \
      $$ BEGIN RAISE EXCEPTION 'no more indexes'; END $$; \
      CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION refuse()
      """
    )
    let refused = try export("--schema", "other", path)
    #expect(refused.status == .someFailed)
    #expect(refused.complaints.first?.contains("no more indexes") == true)
    #expect(try server.connect().rows("SELECT FROM pg_namespace WHERE nspname = 'other'").isEmpty)
  }
}

/// Addresses of databases, with passwords.
@Suite struct PostgreSQLAddressTests {
  @Test(arguments: [
    "postgresql://me:pass-word@/x?host=/nonexistent", "host=/nonexistent password=pass-word",
    "host=/nonexistent password=more pass-word", "postgresql://me:half@pass-word@/x?host=/nonexistent",
    "postgresql://me:half/pass-word@nowhere/x", "postgresql://me@/x?host=/nonexistent&pass-word=1",
    "postgresql://me:%zzpass-word@/x?host=/nonexistent", "host=/nonexistent/pass-word password=pass-word",
  ])
  func neverPrintsAPassword(_ address: String) throws {
    let runner = try CommandRunner()
    let path = runner.folder.write(LogArchive.bytes, to: "a.log")
    let outcome = try runner.run("log", "export", "--database", address, path)
    #expect(outcome.status != .succeeded)
    #expect(outcome.complaints.count == 1)
    #expect(outcome.complaints.allSatisfy { !$0.contains("pass-word") }, "\(outcome.complaints)")
  }

  @Test func sayWhereToWrite() throws {
    let runner = try CommandRunner()
    #expect(throws: (any Error).self) { try runner.run("log", "export", "--as", "postgres", "a.log") }
    #expect(throws: (any Error).self) {
      try runner.run("log", "export", "--as", "csv", "--database", "x", "a.log")
    }
    #expect(throws: (any Error).self) {
      try runner.run("log", "export", "--database", "x", "-o", "x.sqlite", "a.log")
    }
  }
}
