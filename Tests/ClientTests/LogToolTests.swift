import BitcoinWire
import Bytes
import Foundation
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import Commands

/// `netmine log` on whole, damaged, empty and torn files, and on files in coinscope's format.
@Suite struct LogToolTests {
  let runner: CommandRunner

  init() throws { runner = try CommandRunner() }

  @discardableResult
  func write(_ bytes: [UInt8], _ name: String = "a.log") -> String { runner.folder.write(bytes, to: name) }

  func log(_ arguments: String...) throws -> CommandRunner.Outcome { try log(arguments) }

  func log(_ arguments: [String]) throws -> CommandRunner.Outcome {
    try runner.run(["log"] + arguments)
  }

  func findings(_ records: [[UInt8]], _ options: String...) throws -> [String] {
    let path = write(StreamPreamble.bytes(createdAt: LogArchive.start) + records.joined())
    let outcome = try log(["check", "--json"] + options + [path])
    #expect((outcome.status == .someFailed) == (outcome.lines.count > 1))
    return outcome.lines.dropLast().map { line in
      let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return "\(object?["finding"] ?? "") \(object?["record"] ?? "") \(object?["offset"] ?? "")"
    }
  }

  @Test func findsNothingWrongWithAWholeArchive() throws {
    #expect(try findings(LogArchive.records) == [])
    #expect(try log("check", write(LogArchive.coinscope)).lines.last == "findings: none")
    #expect(try log("check", write([])).status == .succeeded)
  }

  @Test(arguments: [
    ["cat"], ["cat", "--json"], ["cat", "--peer", "10.1.2.3"], ["cat", "--agent", "btcwire"], ["stats"],
    ["slice"],
    ["export", "--as", "csv"], ["grep", "--pattern", "well"], ["first", "\(LogArchive.transaction)"],
  ])
  func leavesOutSegmentsThatAreBefore(_ command: [String]) throws {
    let since = ["--since", "@1700000000.75"]
    var bytes = LogArchive.segments[0]
    let paths = [write(bytes, "a.log"), write(LogArchive.segments[1], "b.log")]
    let all = try log(command + since + paths)
    write(try SegmentIndex(building: paths[0], format: .native).bytes, "a.log.index")
    // With an index, only the start of the segment is read, so damage further on is not found.
    let place = bytes.count - LogArchive.records[7].count
    bytes.replaceSubrange(place..<place + 4, with: [0xff, 0xff, 0xff, 0xff])
    write(bytes, "a.log")
    let outcome = try log(command + since + paths)
    #expect(outcome.lines == all.lines && outcome.complaints == all.complaints)
    #expect(outcome.status == all.status)
    #expect(try log(command + paths).status == .someFailed)
  }

  @Test func saysExactlyWhereWhatIsWrong() throws {
    var records = LogArchive.records
    func offset(_ index: Int) -> Int { 16 + records[..<index].joined().count }
    records[9] = LogArchive.message("ping", 9, [1], time: LogArchive.time(1))
    #expect(try findings(records) == ["time_backwards 10 \(offset(9))"])
    records[9] = LogArchive.records[7]
    #expect(try findings(records) == ["duplicate 10 \(offset(9))", "sequence_gap 11 \(offset(10))"])
    records = LogArchive.records
    records.remove(at: 10)
    #expect(try findings(records) == ["sequence_gap 11 \(offset(10))"])
    #expect(try findings(records, "--partial") == [])
    records = LogArchive.records
    records[9][60] ^= 1
    #expect(try findings(records) == ["checksum 10 \(offset(9))"])
    records[9][26] |= RecordFlags.wrongChecksum.rawValue
    #expect(try findings(records) == [])
    records[9] = LogArchive.message("ping", 9, [1], flags: .wrongChecksum)
    #expect(try findings(records) == ["checksum 10 \(offset(9))"])
    records[9][32 + 16] = 2
    #expect(try findings(records) == ["length 10 \(offset(9))"])
    records = LogArchive.records
    records.swapAt(11, 12)
    records[11] = LogArchive.message("pong", 11, [], connection: 99)
    #expect(try findings(records).first == "unopened 12 \(offset(11))")
    records = LogArchive.records
    records[5] = LogArchive.record(.connection, 5, [1, 2, 3], connection: 2)
    #expect(try findings(records) == ["malformed 6 \(offset(5))"])
    records[5] = Array("garbage!".utf8) + LogArchive.records[5]
    #expect(try findings(records) == ["framing 6 \(offset(5))"])
    records = LogArchive.records
    records[12].removeLast()
    #expect(try findings(records) == ["torn 13 \(offset(12))"])
  }

  @Test func tellsGapsThatAreExplained() throws {
    var records = LogArchive.records
    let gap = Gap(source: LogArchive.source, sequences: 10...10, count: 1, byteCount: 0, cause: .heldByNobody)
    records[10] = LogArchive.meta(.gap(gap))
    #expect(try findings(records).map { $0.prefix(6) } == ["gap 11"])
    records[10] = LogArchive.meta(
      .gap(Gap(source: LogArchive.source, sequences: 1...10, count: 1, byteCount: 0, cause: .beforeArchive))
    )
    // The archive has the earlier records, so this gap marks the start of another archive.
    #expect(try findings(records).map { $0.prefix(6) } == ["gap 11"])
    records[1..<10] = []
    #expect(try findings(records).allSatisfy { $0.hasPrefix("unopened") })
  }

  @Test func tellsFindingsToPeople() throws {
    let path = write(LogArchive.bytes + [1, 2, 3])
    let outcome = try log("check", path)
    #expect(outcome.status == .someFailed)
    #expect(
      outcome.lines.first?.hasPrefix("\(path): byte \(LogArchive.bytes.count), record 14: torn: 3 bytes")
        == true
    )
    #expect(outcome.lines.last == "findings: 1 torn")
    #expect(outcome.complaints == [])
    let limited = try log("check", "--limit", "0", path)
    #expect(limited.lines.count == 3)
    #expect(limited.status == .someFailed)
  }

  @Test func surviveFilesCutAtEveryByte() throws {
    let bytes = LogArchive.bytes
    for count in stride(from: 0, through: bytes.count, by: 29) {
      let path = write(Array(bytes[..<count]))
      let check = try log("check", path)
      let stats = try log("stats", "--json", path)
      #expect((check.status == .succeeded) == (stats.status == .succeeded))
      _ = try log("cat", path)
      _ = try log("grep", "--pattern", ".", path)
    }
  }

  @Test func listsFilesInOrder() throws {
    let later = write(StreamPreamble.bytes(createdAt: 2) + LogArchive.records[10], "later.log")
    let path = write(StreamPreamble.bytes(createdAt: 1) + LogArchive.records[..<10].joined())
    let outcome = try log("cat", later, path)
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines.count == 11)
    #expect(outcome.lines.last?.hasSuffix("debug all is well") == true)
    #expect(try log("cat", "--command", "inv", "--agent", "btcwire", path).lines.count == 1)
    #expect(try log("cat", "--count", "2", "--json", path).lines.count == 2)
    let damaged = write(Array(LogArchive.bytes.dropFirst(20)), "damaged.log")
    let rest = try log("cat", damaged, runner.folder.path + "missing")
    #expect(rest.status == .someFailed)
    #expect(rest.lines.count == 12)
    #expect(rest.complaints.count == 2)
    #expect(try log("cat", "--command", "inv", write(LogArchive.coinscope)).lines.count == 2)
  }

  @Test func findsRecords() throws {
    let path = write(LogArchive.bytes)
    #expect(try log("grep", "--pattern", "WELL$", "-i", path).lines.count == 1)
    #expect(try log("grep", "--pattern", "WELL$", path).status == .someFailed)
    #expect(try log("grep", "-p", "ping", "--invert", path).lines.count == 12)
    #expect(try log("grep", "-p", "10\\.1\\.2\\.3:18444 ← inv", path).lines.count == 1)
    #expect(try log("grep", "--hex", "0102030405060708", "--quantity", path).lines == ["2"])
    #expect(try log("grep", "--hex", "0102030405060708", "--command", "pong", path).lines.count == 1)
    #expect(try log("grep", "--hash", "\(LogArchive.transaction)", "--quantity", path).lines == ["3"])
    #expect(
      try log("grep", "--hash", "\(LogArchive.transaction)", write(LogArchive.coinscope)).lines.count == 3
    )
    #expect(throws: (any Error).self) { try log("grep", path) }
    #expect(throws: (any Error).self) { try log("grep", "-p", "(", path) }
    #expect(throws: (any Error).self) { try log("grep", "--hex", "012", path) }
    #expect(throws: (any Error).self) { try log("grep", "--hash", "01", path) }
  }

  @Test func findsTransactionsByTheirHash() throws {
    let transaction = try #require(NetmineTestTransaction.bytes)
    let view = try TransactionView(transaction.span.bytes)
    let path = write(LogArchive.message("tx", 1, transaction) + LogArchive.message("tx", 2, [1, 2, 3]))
    #expect(try log("grep", "--hash", "\(view.txid)", "--quantity", path).lines == ["1"])
  }

  func outputFile(_ name: String = "out.log") -> String { runner.folder.path + name }

  @Test func cutsSlicesThatCanBeReadAlone() throws {
    let path = write(LogArchive.bytes)
    let end = LogArchive.start / 1_000_000_000 + 1
    let outcome = try log(
      "slice",
      "--since",
      "@\(end - 1).6",
      "--until",
      "@\(end)",
      "-o",
      outputFile(),
      path
    )
    #expect(outcome.status == .succeeded)
    #expect(outcome.complaints == ["4 records"])
    let records = try LogArchive.records(runner.folder.bytes("out.log"))
    #expect(records.count == 3 + 4)
    #expect(records[0].dropFirst(32) == LogArchive.records[0].dropFirst(32))
    #expect(Array(records[3...]) == Array(LogArchive.records[6..<10]))
    #expect(try log("check", "--partial", outputFile()).lines.last == "findings: none")
    let listing = try log("cat", outputFile())
    #expect(listing.lines[1].contains("#1 10.1.2.3:18444 open since 2023-11-14T22:13:20.100000Z"))
    #expect(listing.lines[1].hasSuffix("/Satoshi:27.0.0/"))
    #expect(try log("slice", "-o", outputFile(), path).status == .someFailed)
    #expect(try log("slice", "--force", "-o", outputFile(), path).status == .succeeded)
    #expect(runner.folder.bytes("out.log") == LogArchive.bytes)
  }

  @Test func cutsSlicesByCommandAndConnection() throws {
    let path = write(LogArchive.bytes)
    _ = try log("slice", "--command", "inv", "-o", outputFile("1"), path)
    #expect(try log("check", "--partial", outputFile("1")).lines.last == "findings: none")
    #expect(try LogArchive.records(runner.folder.bytes("1")).count == 3 + 2)
    _ = try log("slice", "--connection", "2", "-o", outputFile("2"), path)
    #expect(try LogArchive.records(runner.folder.bytes("2")).count == 1 + 4)
    _ = try log("slice", "--peer", "10.0.0.0/8", "--command", "ping", "-o", outputFile("3"), path)
    #expect(try LogArchive.records(runner.folder.bytes("3")).count == 2 + 1)
    _ = try log("slice", "--command", "nothing", "-o", outputFile("4"), path)
    #expect(try log("check", outputFile("4")).status == .succeeded)
    _ = try log("slice", "--command", "inv", "-o", outputFile("5"), write(LogArchive.coinscope))
    #expect(try log("check", "--partial", outputFile("5")).lines.last == "findings: none")
    #expect(try log("cat", outputFile("5")).lines.last?.contains("coinscope-1700000000") == true)
  }

  @Test func tellsWhoWasFirst() throws {
    let path = write(LogArchive.bytes)
    let outcome = try log("first", "\(LogArchive.transaction)", path)
    #expect(outcome.status == .succeeded)
    let rows = outcome.lines.dropFirst().map { $0.split(separator: " ").map(String.init) }
    #expect(rows.map { $0[0] } == ["0.000", "100.000"])
    #expect(rows.map { $0[4] } == ["[2001:db8::7]:18444", "10.1.2.3:18444"])
    #expect(rows.map { $0[5...6].joined(separator: " ") } == ["inv tx", "inv tx"])
    #expect(rows.map(\.last) == ["/btcwire:0.5.0/", "/Satoshi:27.0.0/"])
    let json = try log("first", "--json", "\(LogArchive.transaction)", path)
    #expect(json.lines[1].hasPrefix(#"{"delay_ns":100000000,"#))
    let nobody = try log("first", String(repeating: "ab", count: 32), path)
    #expect(nobody.status == .someFailed)
    #expect(nobody.lines == [])
    #expect(throws: (any Error).self) { try log("first", "ab", path) }
  }

  @Test func tellsAnnouncementsByEitherHash() throws {
    let bytes = try #require(NetmineTestTransaction.bytes)
    let transaction = try TransactionView(bytes.span.bytes)
    let (txid, wtxid) = (transaction.txid, transaction.wtxid)
    let path = write(
      LogArchive.message("inv", 1, LogArchive.inventory(.wtx, wtxid), connection: 3)
        + LogArchive.message("inv", 2, LogArchive.inventory(.tx, txid), connection: 4)
        + LogArchive.message("tx", 3, bytes, flags: .upperBound, connection: 5)
        + LogArchive.message("tx", 4, bytes, flags: .sent, connection: 6)
    )
    let one = try log("first", "\(txid)", path)
    #expect(one.lines.count == 3)
    #expect(one.lines[2].contains("≤100.000"))
    #expect(
      one.complaints == ["The transaction's other hash is \(wtxid): find its announcements too with --also."]
    )
    let both = try log("first", "\(txid)", "--also", "\(wtxid)", path)
    #expect(both.lines.count == 4)
    #expect(both.complaints == [])
    #expect(both.lines[1].contains(" wtx"))
  }

  @Test func tellsWhoAnnouncedABlock() throws {
    let header = try BlockHeader(Network.genesisHeader.span.bytes)
    let path = write(
      LogArchive.message("headers", 1, HeadersMessage(headers: [header]).bytes)
        + LogArchive.message("cmpctblock", 2, header.bytes + [UInt8](repeating: 0, count: 10), connection: 2)
        + LogArchive.message("block", 3, header.bytes + [0], connection: 3)
        + LogArchive.message("inv", 4, LogArchive.inventory(.block, header.hash), connection: 4)
    )
    let outcome = try log("first", "--all", "\(header.hash)", path)
    let forms = outcome.lines.dropFirst().map { $0.split(separator: " ")[5] }
    #expect(forms == ["headers", "cmpctblock", "block", "inv"])
  }

  @Test func countsWhatThereIs() throws {
    let path = write(LogArchive.bytes)
    let outcome = try log("stats", path)
    #expect(outcome.status == .succeeded)
    let inv = try #require(outcome.lines.first { $0.hasPrefix("inv ") })
    #expect(inv.split(separator: " ").prefix(5) == ["inv", "2", "222", "2", "0"])
    #expect(outcome.lines.contains { $0.hasPrefix("connector-1700000000 ") })
    #expect(outcome.lines.contains { $0.contains("10.1.2.3:18444") && $0.hasSuffix("/Satoshi:27.0.0/") })
    #expect(outcome.lines.contains { $0.hasPrefix("13 records, ") && $0.contains(" in 1.2 s, 10.8/s") })
    let json = try log("stats", "--json", "--by", "command", "--top", "1", path)
    let object = try JSONSerialization.jsonObject(with: Data(json.lines[0].utf8)) as? [String: Any]
    #expect((object?["commands"] as? [[String: Any]])?.count == 1)
    #expect((object?["total"] as? [String: Any])?["records"] as? Int == 13)
    #expect(object?["sources"] == nil)
    let some = try log("stats", "--command", "inv", "--json", path)
    #expect(some.lines[0].contains(#""total":{"records":2,"#))
    #expect(
      try log("stats", "--json", write(LogArchive.coinscope)).lines[0].contains(#""name":"inv","records":2"#)
    )
    #expect(try log("stats", write([])).lines == ["0 records, 0 bytes"])
  }
}

extension Network {
  /// The header of Bitcoin's genesis block.
  static let genesisHeader = Hexadecimal.bytes(
    "01000000" + String(repeating: "00", count: 32)
      + "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a" + "29ab5f49" + "ffff001d"
      + "1dac2b7c"
  )!
}

/// A transaction with a witness.
enum NetmineTestTransaction {
  /// Its bytes: one input, one output, a witness of one item.
  static let bytes = Hexadecimal.bytes(
    "02000000" + "0001" + "01" + String(repeating: "11", count: 32) + "00000000" + "00" + "ffffffff" + "01"
      + "e803000000000000" + "0151" + "01" + "02" + "abcd" + "00000000"
  )
}
