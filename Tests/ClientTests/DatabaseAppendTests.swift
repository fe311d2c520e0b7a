import BitcoinWire
import Bytes
import Foundation
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing
import Zstandard

@testable import Commands
@testable import LogCommands

/// `netmine log export --append`, into SQLite and PostgreSQL.
@Suite struct DatabaseAppendTests {
  let runner: CommandRunner
  let folder: TemporaryFolder

  init() throws {
    runner = try CommandRunner()
    folder = runner.folder
  }

  func write(_ bytes: [UInt8], _ name: String) -> String { folder.write(bytes, to: name) }

  func append(_ paths: String..., to database: ExportDatabase) throws -> CommandRunner.Outcome {
    try runner.run(database.arguments + ["--append", "--payload"] + paths)
  }

  /// The content of a new database after one export of all files.
  func whole(_ paths: String...) throws -> [DatabaseTable: [String]] {
    let database = ExportDatabase.sqlite(folder.path + "whole.sqlite")
    let outcome = try runner.run(database.arguments + ["--force", "--payload"] + paths)
    #expect(outcome.status == .succeeded)
    return try database.content()
  }

  @Test(arguments: ExportDatabase.kinds)
  func addsSegmentAfterSegment(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    let first = write(LogArchive.segments[0], "a.log")
    #expect(try append(first, to: database).complaints == ["8 records"])
    #expect(try database.execute("SELECT closed_by FROM of.connections") == [[nil], [nil]])
    let second = write(LogArchive.segments[1], "b.log")
    #expect(try append(first, second, to: database).complaints == ["9 records"])
    #expect(try database.content() == whole(first, second))
    #expect(
      try database.execute("SELECT closed_by FROM of.connections ORDER BY connection")
        == [["closed by peer"], [nil]]
    )
    // A renamed or compressed file counts as the same file.
    let compressed = folder.path + "c.log.zst"
    var bytes: [UInt8] = []
    let compressor = ZstandardCompressor(level: 3)
    LogArchive.segments[0].withUnsafeBytes { compressor.compress($0, to: &bytes) }
    compressor.endFrame(to: &bytes)
    _ = write(bytes, "c.log.zst")
    let before = try database.execute("SELECT name, bytes FROM of.files ORDER BY name")
    #expect(
      try append(compressed, write(LogArchive.segments[1], "d.log"), to: database).complaints == ["0 records"]
    )
    #expect(try database.execute("SELECT name, bytes FROM of.files ORDER BY name") == before)
    #expect(try database.content() == whole(first, second))
  }

  /// Exports of earlier versions lack the columns of causes.
  @Test(arguments: ExportDatabase.kinds)
  func addsColumnsToAnEarlierExport(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    let first = write(LogArchive.segments[0], "a.log")
    _ = try append(first, to: database)
    for table in ["events", "connections"] {
      for column in ["cause", "cause_code"] {
        try database.change("ALTER TABLE of.\(table) DROP COLUMN \(column)")
      }
    }
    let event = ConnectionEvent(
      .closedByUs,
      .outbound,
      remote: LogArchive.peer,
      local: LogArchive.us,
      outcome: Outcome(.pingTimedOut)
    )
    let end = LogArchive.record(.connection, 90, event.body, connection: 2)
    let second = write(LogArchive.segments[1] + end, "b.log")
    #expect(try append(first, second, to: database).complaints == ["10 records"])
    let causes = [[nil, nil], ["ping timed out", "10"]]
    #expect(
      try database.execute("SELECT cause, cause_code FROM of.connections ORDER BY connection") == causes
    )
    #expect(
      try database.execute("SELECT cause FROM of.events WHERE cause_code = 10") == [["ping timed out"]]
    )
  }

  @Test(arguments: ExportDatabase.kinds)
  func goesOnInAFileThatHasGrown(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    let bytes = LogArchive.bytes
    let ends = [16 + LogArchive.records[..<5].joined().count, 16 + LogArchive.records[..<9].joined().count]
    for count in [ends[0] + 40, ends[0] + 50, ends[1]] {
      let torn = try append(write(Array(bytes[..<count]), "a.log"), to: database)
      #expect(torn.status == (count == ends[1] ? .succeeded : .someFailed))
    }
    let path = write(bytes, "a.log")
    #expect(try append(path, to: database).complaints == ["4 records"])
    #expect(try database.content() == whole(path))
    #expect(try database.rows(.sequences) == ["0000000000000007|1|12"])
  }

  @Test(arguments: ExportDatabase.kinds)
  func addsWhatOverlapsOnce(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    let records = LogArchive.records
    // The later file first. The end of the connection that it contains must remain.
    let late = write(LogArchive.segments[1] + LogArchive.message("ping", 20), "late.log")
    #expect(try append(late, to: database).complaints == ["10 records"])
    #expect(try database.rows(.sequences) == ["0000000000000007|20|20", "0000000000000007|8|12"])
    let early = write(records[..<11].joined() + [], "early.log")
    #expect(try append(early, to: database).complaints == ["8 records, 3 left out as duplicates"])
    #expect(try database.rows(.sequences) == ["0000000000000007|1|12", "0000000000000007|20|20"])
    let all = try whole(write(LogArchive.bytes, "all.log"))
    #expect(try database.rows(.connections) == all[.connections])
    #expect(try database.rows(.events) == all[.events])
    let sequences = try database.execute("SELECT sequence FROM of.messages ORDER BY sequence").map { $0[0] }
    #expect(sequences == ["3", "6", "7", "8", "9", "12", "20"])
    // Both files in one export, and into a new database.
    #expect(try whole(early, late)[.messages]?.count == 7)
  }

  @Test(arguments: ExportDatabase.kinds)
  func keepsSourcesApartThatHaveOneID(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    _ = try append(write(LogArchive.bytes, "mine.log"), to: database)
    let number = LogArchive.source ^ 1 << 31
    for count in [8, LogWritingToolTests.others.count] {
      let theirs = write(LogWritingToolTests.others[..<count].joined() + [], "theirs.log")
      #expect(try append(theirs, to: database).complaints.first?.contains("is now \(number)") == true)
    }
    let counts = try database.execute(
      "SELECT source, count(*) FROM of.messages GROUP BY source ORDER BY source"
    )
    #expect(counts == [["1700000000", "6"], ["\(number)", "6"]])
    #expect(
      try database.execute("SELECT source, instance FROM of.sources ORDER BY source")
        == [["1700000000", "0000000000000007"], ["\(number)", "0000000000000008"]]
    )
    #expect(
      try database.execute(
        "SELECT source, closed_by FROM of.connections WHERE connection = 1 ORDER BY source"
      )
        == [["1700000000", "closed by peer"], ["\(number)", "closed by peer"]]
    )
  }

  @Test(arguments: ExportDatabase.kinds)
  func goesOnInCoinscopesFiles(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    let bytes = LogArchive.coinscope
    // The end of the sixth record; the first connection is open there.
    var end = 0
    for _ in 0..<6 { end += 4 + bytes[end..<end + 4].reduce(0) { $0 << 8 | Int($1) } }
    let first = write(Array(bytes[..<end]), "a.log")
    let second = write(Array(bytes[end...]), "b.log")
    _ = try append(first, to: database)
    #expect(try database.execute("SELECT closed_by FROM of.connections WHERE connection = 1") == [[nil]])
    _ = try append(first, second, to: database)
    _ = try append(second, to: database)
    #expect(try database.content() == whole(write(bytes, "all.log")))
  }

  @Test(arguments: ExportDatabase.kinds)
  func readsAFileAgainThatIsAnother(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    let records = LogArchive.records
    let mark = LogArchive.meta(.rotation(RotationMark(positions: [])))
    let path = folder.path + "a.log"
    for bytes in [
      records[..<9].joined() + [], records[..<6].joined() + mark + records[6...].joined(),
      records[..<4].joined() + [], LogArchive.bytes.dropFirst(16) + [],
    ] {
      _ = write(bytes, "a.log")
      #expect(try append(path, to: database).status == .succeeded)
    }
    let sequences = try database.execute("SELECT sequence FROM of.messages ORDER BY id").map { $0[0] }
    #expect(sequences == ["3", "6", "7", "8", "9", "12"])
    #expect(try database.rows(.connections) == whole(path)[.connections])
  }

  @Test(arguments: ExportDatabase.kinds)
  func addsTheSameChoiceOnly(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    let path = write(LogArchive.bytes, "a.log")
    let chosen = ["--command", "ping", "--command", "inv", "--until", "2030-01-01", "--peer", "10.0.0.0/8"]
    #expect(try runner.run(database.arguments + chosen + [path]).status == .succeeded)
    let again = ["--append", "--peer", "10.0.0.0/8", "--command", "inv", "--command", "ping", "--until"]
    #expect(try runner.run(database.arguments + again + ["@1893456000", path]).complaints == ["0 records"])
    let other = try runner.run(database.arguments + ["--append", path])
    #expect(other.status == .someFailed)
    #expect(
      other.complaints == [
        """
        netmine: The database was begun with --command inv --command ping --until @1893456000.000000000 --peer \
        10.0.0.0/8; all records cannot be added to it.
        """
      ]
    )
    #expect(throws: (any Error).self) { try runner.run(database.arguments + ["--append", "--force", path]) }
    #expect(throws: (any Error).self) { try runner.run("log", "export", "--as", "csv", "--append", path) }
  }

  @Test(.enabled(if: PostgreSQLServer.programs != nil, "needs PostgreSQL"))
  func refusesToAddWhereAnotherDoes() throws {
    let database = try ExportDatabase("postgres", folder)
    guard case .postgres(let server) = database else { return }
    let path = write(LogArchive.bytes, "a.log")
    #expect(try append(write(LogArchive.segments[0], "b.log"), to: database).status == .succeeded)
    let other = try server.connect()
    try other.execute("BEGIN; UPDATE netmine.properties SET value = '99' WHERE name = 'revision'")
    let program = try Program(
      "netmine",
      database.arguments + ["--append", "--payload", path],
      folder: folder.path
    )
    let watcher = try server.connect()
    try program.wait(for: "the export to wait for the other") {
      try !watcher.rows("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'").isEmpty
    }
    try other.execute("COMMIT")
    #expect(try program.wait() == 1)
    #expect(program.errors.contains("Another export has added to the database meanwhile"))
    #expect(try database.rows(.messages).count == 3)
  }

  @Test(arguments: ExportDatabase.kinds)
  func goesOnWhereItWasKilled(_ kind: String) throws {
    let database = try ExportDatabase(kind, folder)
    // Connections that open and close all the time, and some that stay.
    let last: UInt64 = 22_000
    var bytes = LogArchive.bytes
    for sequence in 13...last {
      let connection = UInt32(3 + sequence / 30)
      switch sequence % 30 {
      case 0: bytes += LogArchive.event(.connected, sequence, connection: connection)
      case 29 where sequence % 7 != 0:
        bytes += LogArchive.event(.closedByPeer, sequence, connection: connection)
      case 15: bytes += LogArchive.record(.debug, sequence, Array("\(sequence)".utf8))
      default:
        bytes += LogArchive.message("ping", sequence, [1, 2, 3, 4, 5, 6, 7, 8], connection: connection)
      }
    }
    // The export is killed after its first commit, in the middle of reading.
    let pipe = folder.path + "pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let writer = open(pipe, O_RDWR | O_NONBLOCK)
    defer { close(writer) }
    var rest = bytes[..<(bytes.count * 4 / 5)]
    let program = try Program(
      "netmine",
      database.arguments + ["--append", "--payload", pipe],
      folder: folder.path
    )
    try program.wait(for: "a part to be there", timeout: 120) {
      let count = rest.withUnsafeBytes { Glibc.write(writer, $0.baseAddress, $0.count) }
      rest = rest.dropFirst(max(count, 0))
      // The rest of the pipe is read after the commit.
      return rest.isEmpty && (try? database.execute("SELECT count(*) FROM of.messages"))?[0][0] ?? "0" != "0"
    }
    program.signal(SIGKILL)
    #expect(try program.wait() == 128 + SIGKILL, "\(program.errors)")
    let path = write(bytes, "a.log")
    let outcome = try append(path, to: database)
    #expect(outcome.status == .succeeded)
    // All records except the first batch, which was already there.
    #expect(outcome.complaints == ["\(Int(last) + 1 - 16_384) records"])
    #expect(try database.content() == whole(path))
    #expect(try database.rows(.sequences) == ["0000000000000007|1|\(last)"])
  }
}
