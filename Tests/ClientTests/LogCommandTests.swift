import BitcoinWire
import Configuration
import EventLoop
import Foundation
import LogProtocol
import LogServerCore
import Logging
import Observations
import TestSupport
import Testing

@testable import Commands

@Suite struct LogCommandTests {
  let runner: CommandRunner

  init() throws { runner = try CommandRunner() }

  /// A message of connection 7 with this sequence number, as source 3 recorded it.
  static func record(_ sequence: UInt64) -> [UInt8] {
    let header = RecordHeader(
      type: .message,
      source: 3,
      time: 1_700_000_000_000_000_000 + sequence,
      sequence: sequence,
      connection: 7,
      bodyCount: 0
    )
    return header.record(body: Network.regtest.frame("getaddr"))
  }

  func write(_ records: [[UInt8]], torn: Int = 0) throws -> String {
    let path = runner.folder.path + "archive-\(UInt32.random(in: 0 ... .max))"
    let bytes = StreamPreamble.bytes(createdAt: 1) + records.joined()
    try Data(bytes.dropLast(torn)).write(to: URL(filePath: path))
    return path
  }

  @Test func verifiesWholeArchives() throws {
    let outcome = try runner.run("verify", write([1, 2].map(Self.record)), write([Self.record(3)]))
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines.contains { $0.contains("source-3: 3 records") && $0.contains("sequences 1 to 3") })
    #expect(outcome.lines.last == "records lost: 0")
  }

  @Test func findsMissingRecords() throws {
    let path = try write([1, 2, 5].map(Self.record))
    let outcome = try runner.run("verify", path)
    #expect(outcome.status == .someFailed)
    #expect(outcome.lines.last == "records lost: 2")
    let json = try runner.run("verify", "--json", path)
    #expect(json.lines.count == 1)
    #expect(json.lines[0].contains(#""missing_unexplained":2"#))
  }

  @Test func findsTornEndsAndWhatIsNoArchive() throws {
    #expect(try runner.run("verify", write([1, 2].map(Self.record), torn: 5)).status == .someFailed)
    let garbage = runner.folder.path + "garbage"
    try Data(repeating: 0xee, count: 100).write(to: URL(filePath: garbage))
    let outcome = try runner.run("verify", garbage, garbage + "x")
    #expect(outcome.status == .someFailed)
    #expect(outcome.complaints.count == 2)
    #expect(
      outcome.complaints[0].hasPrefix("netmine: \(garbage): bytes 0 to 99, before record 1, are no record: ")
    )
    #expect(outcome.complaints[1].hasPrefix("netmine: \(garbage)x cannot be read: "))
  }

  @Test func watchesTheStream() throws {
    let root = Configuration.Override(option: "root", key: "logger.root", text: runner.folder.path)
    let server = try LogServer(
      Configuration(file: nil, overrides: [root]),
      on: runner.loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    let publisher = LogPublisher(
      to: .unix(runner.folder.path + "publish"),
      as: SourceDescription(instance: 1, process: 2, kind: "connector", name: "", version: "1"),
      limit: 1 << 20,
      on: runner.loop
    )
    let tick = TimerWatcher(on: runner.loop) {
      publisher.publish(.message, connection: 7, at: Clock.now(), body: Network.regtest.frame("getaddr"))
      publisher.publish(.message, connection: 7, at: Clock.now(), body: Network.regtest.frame("mempool"))
    }
    tick.start(after: 0.02, every: 0.02)
    let outcome = try runner.run("watch", "--command", "mempool", "--count", "3", "--json")
    tick.cancel()
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines.count == 3)
    #expect(outcome.lines.allSatisfy { $0.contains(#""command":"mempool""#) })
    #expect(try runner.run("watch", "--type", "debug", "--duration", "0.05").lines.isEmpty)
    var isFinished = false
    publisher.finish(timeout: 0.1) { _ in isFinished = true }
    try runner.loop.run { isFinished }
    server.shutDown()
  }

  @Test func tellsOpenConnectionsInOneLine() throws {
    let root = Configuration.Override(option: "root", key: "logger.root", text: runner.folder.path)
    let server = try LogServer(
      Configuration(
        file: nil,
        overrides: [root, .init(option: "set", key: "logger.archive_grace", text: "0")]
      ),
      on: runner.loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    let publisher = LogPublisher(
      to: .unix(runner.folder.path + "publish"),
      as: SourceDescription(instance: 1, process: 2, kind: "connector", name: "", version: "1"),
      limit: 1 << 20,
      on: runner.loop
    )
    let node = Endpoint("127.0.0.1:18444")!
    let opened = ConnectionEvent(.connected, .outbound, remote: node, local: node)
    for id in 1...3 as ClosedRange<UInt32> {
      publisher.publish(.connection, connection: id, at: Clock.now(), body: opened.body)
    }
    try runner.loop.run { publisher.lastSequence == 3 && publisher.acknowledgedSequence == 3 }
    let text = try runner.run("watch", "--duration", "0.3")
    #expect(text.lines.count == 2)
    #expect(text.lines.last?.hasSuffix("meta 3 connections open on connector-\(publisher.source)") == true)
    #expect(try runner.run("watch", "--duration", "0.3", "--json").lines.count == 4)
    var isFinished = false
    publisher.finish(timeout: 0.1) { _ in isFinished = true }
    try runner.loop.run { isFinished }
    server.shutDown()
  }

  @Test func saysThatThereIsNoStream() throws {
    let outcome = try runner.run("watch")
    #expect(outcome.status == .unreachable)
    #expect(outcome.complaints.first?.contains("Start it with `logserver`.") == true)
  }
}
