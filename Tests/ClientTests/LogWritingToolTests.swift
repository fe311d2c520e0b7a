import BitcoinWire
import Bytes
import Foundation
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import Commands

/// `netmine log merge`, `convert` and `repair`.
@Suite struct LogWritingToolTests {
  let runner: CommandRunner
  let folder: TemporaryFolder

  init() throws {
    runner = try CommandRunner()
    folder = runner.folder
  }

  func write(_ bytes: [UInt8], _ name: String = "a.log") -> String { folder.write(bytes, to: name) }

  func log(_ arguments: String...) throws -> CommandRunner.Outcome { try runner.run(["log"] + arguments) }

  var out: String { folder.path + "out.log" }

  func sequences() throws -> [UInt64] {
    try LogArchive.records(folder.bytes("out.log")).map { record in
      record[16..<24].reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  @Test func mergesByTime() throws {
    let records = LogArchive.records
    let even = write(records.indices.filter { $0 % 2 == 0 }.flatMap { records[$0] }, "even")
    let odd = write(records.indices.filter { $0 % 2 == 1 }.flatMap { records[$0] }, "odd")
    let outcome = try log("merge", "-o", out, odd, even)
    #expect(outcome.status == .succeeded)
    #expect(try sequences() == Array(0...12))
    #expect(folder.bytes("out.log").dropFirst(16) == LogArchive.bytes.dropFirst(16))
    #expect(try log("check", out).lines.last == "findings: none")
  }

  @Test func mergesArchivesThatOverlap() throws {
    let first = write(LogArchive.records[..<9].flatMap { $0 }, "1")
    let second = write(LogArchive.records[0] + LogArchive.records[4...].flatMap { $0 }, "2")
    let all = try log("merge", "-o", out, first, second)
    #expect(all.complaints == ["19 records"])
    #expect(try log("check", out).status == .someFailed)
    let unique = try log("merge", "--unique", "--force", "-o", out, first, second)
    #expect(unique.complaints == ["14 records, 5 left out as duplicates"])
    #expect(try sequences().filter { $0 > 0 } == Array(1...12))
    let missing = try log("merge", "--force", "-o", out, first, folder.path + "missing")
    #expect(missing.status == .someFailed)
    #expect(try log("merge", "--force", "-o", out, write([])).status == .succeeded)
  }

  /// The records of another log server's archive. It granted the same id to instance 8.
  static let others: [[UInt8]] = {
    let source = LogArchive.source
    let positions = [
      ArchivePosition(instance: 8, source: source, sequence: 0),
      ArchivePosition(instance: 9, source: source - 5, sequence: 3),
    ]
    let gap = Gap(source: source, sequences: 13...14, count: 2, byteCount: 0, cause: .slowReader)
    let left = MetaBody.sourceLeft(source: source, saidGoodbye: true, lastSequence: 14, reason: "")
    return [LogArchive.meta(.rotation(RotationMark(positions: positions))), LogArchive.joined(instance: 8)]
      + LogArchive.records[1...] + [
        LogArchive.meta(.gap(gap)),
        LogArchive.meta(.clock(ClockState(offset: 1, errorBound: 2, isSynchronised: true)), source: source),
        LogArchive.meta(left),
      ]
  }()

  @Test func keepsSourcesApartThatHaveOneID() throws {
    let mine = write(LogArchive.bytes, "mine")
    // The other archive's second segment has a head of its own.
    let theirs = write(Self.others[..<8].joined() + [], "theirs")
    let rest = write(Self.others[1] + Self.others[8...].joined(), "rest")
    let outcome = try log("merge", "--unique", "-o", out, mine, theirs, rest)
    let number = LogArchive.source ^ 1 << 31
    #expect(
      outcome.complaints == [
        "source 1700000000, instance 0000000000000008, is now \(number): another log server granted its id",
        "31 records",
      ]
    )
    let found = try log("check", out).lines
    #expect(found.first?.contains("source \(number) gap: 2 records are missing, 13 to 14") == true)
    #expect(found.last == "findings: 1 gap")
    var bodies: [UInt32: [[UInt8]]] = [:]
    var told: [MetaBody] = []
    for record in try LogArchive.records(folder.bytes("out.log")) {
      let header = record.withUnsafeBytes { RecordHeader(checked: $0) }
      bodies[header.source, default: []].append(Array(record[32...]))
      if header.type == .meta { told.append(try MetaBody(record.span.bytes.extracting(32...))) }
    }
    let whole = LogArchive.records[1...].map { Array($0[32...]) }
    #expect(bodies[LogArchive.source] == whole)
    #expect(bodies[number]?.filter { $0.count != 18 } == whole)
    #expect(bodies[number]?.count == whole.count + 1)
    var ids: [String] = []
    for meta in told {
      switch meta {
      case .sourceJoined(let source, let description): ids.append("joined \(description.instance) \(source)")
      case .sourceLeft(let source, _, _, _): ids.append("left \(source)")
      case .gap(let gap): ids.append("gap \(gap.source)")
      case .rotation(let mark): ids += mark.positions.map { "at \($0.instance) \($0.source)" }
      default: break
      }
    }
    #expect(
      Set(ids) == [
        "joined 7 1700000000", "joined 8 \(number)", "left \(number)", "gap \(number)", "at 8 \(number)",
        "at 9 1699999995",
      ]
    )
    // A merged file can be merged again with either of its inputs.
    let again = folder.path + "again.log"
    let repeated = try log("merge", "--unique", "-o", again, out, theirs, mine)
    #expect(repeated.complaints.last?.hasSuffix(", 18 left out as duplicates") == true)
    #expect(repeated.complaints.count == 2)
  }

  @Test func mergesDamagedAndCoinscopesFiles() throws {
    let damaged = write(Array(LogArchive.bytes.dropLast(5)), "1")
    let outcome = try log("merge", "-o", out, damaged, write(LogArchive.coinscope, "2"))
    #expect(outcome.status == .someFailed)
    #expect(outcome.complaints.first?.contains("/1 ends with 59 bytes of an incomplete record") == true)
    #expect(try log("stats", "--json", out).lines[0].contains(#""name":"inv","records":4"#))
  }

  static let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "libraries/samples").path

  /// `libraries/samples/early.log` is from before event bodies had codes. early.json is the output of `cat
  /// --json` then.
  @Test func readsAnEarlyArchiveAndBringsItForward() throws {
    let early = Self.samples + "/early.log"
    let expected = try String(contentsOfFile: Self.samples + "/early.json", encoding: .utf8)
      .split(separator: "\n").map(String.init)
    func shown(_ path: String) throws -> [String] {
      try log("cat", "--json", path).lines.map { $0.replacing(/,"cause_code":(?:\d+|null)/, with: "") }
    }
    #expect(try shown(early) == expected)
    let outcome = try log("convert", "--to", "native", "-o", out, early)
    #expect(outcome.status == .succeeded && outcome.complaints == ["\(expected.count) records"])
    #expect(try shown(out) == expected)
    // Only the bodies of events and open connections have changed.
    let before = try LogArchive.records([UInt8](Data(contentsOf: URL(filePath: early))))
    let after = try LogArchive.records(folder.bytes("out.log"))
    #expect(before.count == expected.count && after.count == expected.count)
    var changed = 0
    for (old, new) in zip(before, after) where old != new {
      changed += 1
      #expect(old[4..<32] == new[4..<32])
      let isEvent = old[25] == UInt8(RecordType.connection.rawValue)
      #expect(isEvent ? (old[32], new[32]) == (0, 2) : (old[32], new[32]) == (3, 7))
    }
    #expect(changed == 11)
    #expect(try log("check", early).lines.last == "findings: none")
    #expect(try log("check", out).lines.last == "findings: none")
    let events = try after.compactMap { record throws -> ConnectionEvent? in
      record[25] == UInt8(RecordType.connection.rawValue)
        ? try ConnectionEvent(Array(record[32...]).span.bytes) : nil
    }
    #expect(
      events.compactMap(\.outcome?.code)
        == [.noRoute, .refused, .alreadyConnected, .commanded, .shutDown]
    )
    #expect(events.contains { $0.outcome?.detail == .connection(1) })
    // Records of the current version stay the same, byte for byte.
    let again = folder.path + "again.log"
    #expect(try log("convert", "--to", "native", "-o", again, out).status == .succeeded)
    #expect(folder.bytes("again.log") == folder.bytes("out.log"))
  }

  @Test func convertsToCoinscopeAndBack() throws {
    let path = write(LogArchive.bytes)
    let outcome = try log("convert", "--to", "coinscope", "-o", out, path)
    #expect(outcome.status == .succeeded)
    #expect(outcome.complaints == ["10 records, left out: 1 meta, 2 bitcoin"])
    #expect(folder.bytes("out.log") == LogArchive.coinscope)
    let back = folder.path + "back.log"
    #expect(try log("convert", "--to", "native", "-o", back, out).status == .succeeded)
    #expect(try log("check", back).lines.last == "findings: none")
    let bodies = try LogArchive.records(folder.bytes("back.log"))
    let originals = LogArchive.records.filter { record in
      record.withUnsafeBytes {
        CoinscopeRecord.bytes(RecordHeader(checked: $0), body: UnsafeRawBufferPointer(rebasing: $0[32...]))
          != nil
      }
    }
    // Coinscope's format has no field for an IPv6 address.
    #expect(bodies.count == originals.count + 1)
    for (body, original) in zip(bodies.dropFirst(), originals) where original[25] != 0x10 {
      #expect(body[32...] == original[32...])
    }
    #expect(bodies.dropFirst().map { $0[23] } == Array(1...10))
    #expect(try log("convert", "--to", "coinscope", "--force", "-o", out, back).status == .succeeded)
    #expect(folder.bytes("out.log") == LogArchive.coinscope)
    #expect(try log("convert", "--to", "native", "--force", "-o", out, write([])).status == .succeeded)
    #expect(try log("check", out).status == .succeeded)
  }

  @Test func writesAGoodCopy() throws {
    var records = LogArchive.records
    records[5][40] ^= 0xff
    records[6][0] = 0xff
    let path = write(StreamPreamble.bytes(createdAt: 5) + records.joined() + [0, 0])
    let outcome = try log("repair", "-o", out, path)
    #expect(outcome.status == .succeeded)
    records.remove(at: 6)
    #expect(folder.bytes("out.log") == StreamPreamble.bytes(createdAt: 5) + records.joined())
    #expect(outcome.complaints.count == 3)
    #expect(outcome.complaints[0].hasPrefix("left out: \(path): bytes "))
    #expect(
      outcome.complaints[2]
        == "12 records kept, \(LogArchive.records[6].count + 2) bytes left out in 2 places"
    )
    let coinscope = write(LogArchive.coinscope + [1], "c")
    #expect(try log("repair", "--force", "-o", out, coinscope).status == .succeeded)
    #expect(folder.bytes("out.log") == LogArchive.coinscope)
  }

  @Test func neverReplacesWhatIsNoOrdinaryFile() throws {
    let path = write(LogArchive.bytes)
    let pipe = folder.path + "pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    for force in [[], ["--force"]] {
      let outcome = try runner.run(["log", "slice", "--command", "ping", "-o", pipe] + force + [path])
      #expect(outcome.status == .succeeded, "\(outcome.complaints)")
      var status = stat()
      #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(reader, &bytes, bytes.count)
      #expect(try LogArchive.records(Array(bytes[..<max(count, 0)])).last == LogArchive.records[9])
    }
    let database = try log("export", "--as", "sqlite", "--force", "-o", pipe, path)
    #expect(database.status == .someFailed)
    #expect(try log("slice", "--force", "-o", String(folder.path.dropLast()), path).status == .someFailed)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".part") }
    )
  }

  @Test func replacesTheFileThatALinkLeadsTo() throws {
    let path = write(LogArchive.bytes)
    let target = write([1, 2, 3], "target")
    let link = folder.path + "link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    #expect(try log("slice", "-o", link, path).status == .someFailed)
    #expect(folder.bytes("target") == [1, 2, 3])
    #expect(try log("slice", "--force", "-o", link, path).status == .succeeded)
    #expect(folder.bytes("target") == LogArchive.bytes)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
  }

  @Test func cutsATornEndInPlace() throws {
    let whole = LogArchive.bytes
    for count in [1, 20, 31, 32, 50] {
      let path = write(whole + LogArchive.records[1].prefix(count))
      #expect(try log("repair", "--in-place", path).status == .succeeded)
      #expect(folder.bytes("a.log") == whole)
      let torn = try #require(
        FileManager.default.contentsOfDirectory(atPath: folder.path).first { $0.hasPrefix("a.log.torn-") }
      )
      #expect(folder.bytes(torn) == Array(LogArchive.records[1].prefix(count)))
      try FileManager.default.removeItem(atPath: folder.path + torn)
    }
    let path = write(whole)
    #expect(try log("repair", "--in-place", path).status == .succeeded)
    #expect(folder.bytes("a.log") == whole)
    let damaged = write([1, 2, 3] + whole)
    #expect(try log("repair", "--in-place", damaged).status == .someFailed)
    #expect(folder.bytes("a.log") == [1, 2, 3] + whole)
    #expect(try log("repair", "--in-place", folder.path + "missing").status == .someFailed)
  }
}
