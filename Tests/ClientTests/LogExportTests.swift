import BitcoinWire
import Bytes
import Foundation
import LogProtocol
import Observations
import Store
import TestSupport
import Testing

@testable import Commands
@testable import LogCommands

/// `netmine log export`, and other programs that read its output.
@Suite struct LogExportTests {
  let runner: CommandRunner
  let folder: TemporaryFolder

  init() throws {
    runner = try CommandRunner()
    folder = runner.folder
  }

  static let analyser: String? = (["/usr/bin/tshark", "/usr/local/bin/tshark"] as [String]).first {
    access($0, X_OK) == 0
  }

  /// Runs tshark on a capture. Returns a line for each packet that the filter shows, with tab-separated
  /// fields.
  func tshark(_ filter: String, _ fields: String...) throws -> [[String]] {
    var arguments = ["-r", folder.path + "out.pcapng", "-Y", filter, "-T", "fields"]
    for field in fields { arguments += ["-e", field] }
    let program = try Program(Self.analyser!, arguments, folder: folder.path)
    #expect(try program.wait() == 0)
    return program.output.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test(.enabled(if: analyser != nil, "needs tshark"))
  func tsharkReadsEveryMessageOfACapture() throws {
    var records = LogArchive.records
    // A message that needs many segments, and one whose connection was never seen opening.
    let transactions = (0..<60_000).map {
      InventoryItem(.tx, Hash256(doubleSHA256: [UInt8($0 & 255)].span.bytes))
    }
    let long = Array(transactions.prefix(50_000))
    records.append(LogArchive.message("inv", 13, InventoryMessage(items: long).bytes, connection: 2))
    records.append(LogArchive.message("ping", 14, [1, 2, 3, 4, 5, 6, 7, 8], connection: 77))
    let onion = Endpoint("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")!
    let open = OpenConnection(
      direction: .inbound,
      remote: onion,
      local: LogArchive.us,
      since: 1
    )
    records.append(LogArchive.meta(.openConnection(open), source: LogArchive.source, connection: 5))
    records.append(LogArchive.message("verack", 15, connection: 5))
    folder.write(StreamPreamble.bytes(createdAt: 0) + records.joined(), to: "a.log")
    let path = folder.path + "a.log"
    let outcome = try runner.run("log", "export", "-o", folder.path + "out.pcapng", path)
    #expect(outcome.status == .succeeded)
    let messages = try tshark(
      "bitcoin",
      "bitcoin.command",
      "frame.time_epoch",
      "ip.src",
      "ipv6.src",
      "tcp.srcport",
      "tcp.dstport"
    )
    #expect(
      messages.map { $0[0] }
        == ["version", "inv", "inv", "getdata", "ping", "pong", "inv", "ping", "verack"]
    )
    #expect(messages[0] == ["version", "1700000000.300000000", "10.0.0.1", "", "40000", "18444"])
    #expect(messages[1] == ["inv", "1700000000.600000000", "", "2001:db8::7", "18444", "40001"])
    #expect(messages[7][2] == "198.18.0.77")
    #expect(messages[8][3].hasPrefix("fd87:d87e:eb43:"))
    #expect(try tshark("tcp.flags.syn==1 && tcp.flags.ack==0", "frame.comment").count == 4)
    #expect(try tshark("tcp.flags.fin==1", "ip.src") == [["10.1.2.3"]])
    let wrong = "tcp.analysis.flags || _ws.malformed || _ws.expert.severity >= 8388608"
    #expect(try tshark(wrong, "frame.number") == [])
    let bad = "ip.checksum.status==0 || tcp.checksum.status==0"
    #expect(try tshark(bad, "frame.number") == [])
  }

  @Test(.enabled(if: analyser != nil, "needs tshark"))
  func tsharkReadsCoinscopesMessages() throws {
    let path = folder.write(LogArchive.coinscope, to: "a.log")
    let outcome = try runner.run("log", "export", "--command", "inv", "-o", folder.path + "out.pcapng", path)
    #expect(outcome.status == .succeeded)
    #expect(try tshark("bitcoin", "bitcoin.command", "tcp.stream") == [["inv", "0"], ["inv", "1"]])
  }

  @Test func writesJSON() throws {
    let path = folder.write(LogArchive.bytes, to: "a.log")
    let outcome = try runner.run("log", "export", "--as", "ndjson", "--payload", path)
    #expect(outcome.lines.count == 13)
    let pings = outcome.lines.filter { $0.contains(#""command":"ping""#) }
    #expect(pings.count == 1)
    #expect(pings.first?.contains(#""payload":"0102030405060708""#) == true)
    _ = try runner.run("log", "export", "-o", folder.path + "out.ndjson", path)
    #expect(try folder.read("out.ndjson").split(separator: "\n").count == 13)
  }

  @Test func writesCommaSeparatedValues() throws {
    var records = LogArchive.records
    records.append(LogArchive.record(.debug, 13, Array("one, \"two\"\nthree".utf8)))
    let path = folder.write(records.flatMap { $0 }, to: "a.log")
    _ = try runner.run("log", "export", "-o", folder.path + "out.csv", path)
    let text = try folder.read("out.csv")
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(lines.count == 1 + 14 + 1)
    #expect(lines[0] == CSVWriter.beginning.dropLast(1))
    #expect(
      lines[8] == """
        1700000000700000000,2023-11-14T22:13:20.700000000Z,1700000000,7,bitcoin_msg,0,received,1,10.1.2.3:18444,\
        /Satoshi:27.0.0/,inv,61,← inv 1 tx \(LogArchive.transaction.abbreviation)
        """
    )
    #expect(lines[14].hasSuffix(#","one, ""two""\x0athree""#))
  }

  func query(_ sql: String) throws -> [String] {
    try SQL.openSQLite(folder.path + "out.sqlite", .reading).rows(sql).map { row in
      row.map { $0 == .null ? "-" : $0.description }.joined(separator: "|")
    }
  }

  @Test(arguments: [LogArchive.bytes, LogArchive.coinscope])
  func writesADatabase(_ bytes: [UInt8]) throws {
    let path = folder.write(bytes, to: "a.log")
    let outcome = try runner.run("log", "export", "--payload", "-o", folder.path + "out.sqlite", path)
    #expect(outcome.status == .succeeded)
    #expect(
      try query("SELECT command, count(*), sum(sent) FROM messages GROUP BY command ORDER BY command")
        == ["getdata|1|1", "inv|2|0", "ping|1|0", "pong|1|0", "version|1|1"]
    )
    #expect(try query("SELECT hex(payload) FROM messages WHERE command = 'ping'") == ["0102030405060708"])
    #expect(
      try query("SELECT count(*) FROM announcements WHERE hash = '\(LogArchive.transaction)'") == ["2"]
    )
    let connections = try query("SELECT remote, user_agent, closed_by FROM connections ORDER BY connection")
    #expect(connections.count == 2)
    #expect(connections[0].hasPrefix("10.1.2.3|") && connections[0].hasSuffix("|closed by peer"))
    #expect(try query("SELECT source FROM sources") == ["1700000000"])
    #expect(try query("SELECT text FROM texts WHERE type = 'debug'") == ["all is well"])
    #expect(try runner.run("log", "export", "-o", folder.path + "out.sqlite", path).status == .someFailed)
    #expect(
      try runner.run("log", "export", "--force", "-o", folder.path + "out.sqlite", path).status == .succeeded
    )
    #expect(try query("SELECT count(*) FROM messages WHERE payload IS NOT NULL") == ["0"])
  }

  @Test func asksWhatToWrite() throws {
    #expect(throws: (any Error).self) { try runner.run("log", "export", "a.log") }
    #expect(throws: (any Error).self) { try runner.run("log", "export", "--as", "csv", "--payload", "a.log") }
  }
}
