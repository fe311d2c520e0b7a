import BitcoinWire
import Bytes
import Configuration
import EventLoop
import LogProtocol
import LogServerCore
import Logging
import Observations
import TestSupport
import Testing

@testable import Commands

/// `netmine log replay` into a log server.
@Suite struct LogReplayTests {
  let runner: CommandRunner

  init() throws { runner = try CommandRunner() }

  /// Everything that the log server has sent since its start, as words.
  final class Reader: LogSubscriberHandler {
    var records: [(header: RecordHeader, body: [UInt8])] = []

    func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
      var cursor = RecordCursor(records.bytes)
      while let (header, range) = try? cursor.next() {
        self.records.append((header, Array(records.bytes[range].dropFirst(RecordHeader.size))))
      }
    }

    func subscriberDidConnect(_ subscriber: LogSubscriber) {}
    func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {}
  }

  func replay(_ bytes: [UInt8], _ arguments: String...) throws -> (CommandRunner.Outcome, Reader) {
    let root = Configuration.Override(option: "root", key: "logger.root", text: runner.folder.path)
    let grace = Configuration.Override(option: "set", key: "logger.archive_grace", text: "0")
    let server = try LogServer(
      Configuration(file: nil, overrides: [root, grace]),
      on: runner.loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    let reader = Reader()
    let subscriber = LogSubscriber(
      to: .unix(runner.folder.path + "subscribe"),
      Subscription(),
      on: runner.loop,
      handler: reader
    )
    try runner.loop.run { subscriber.isConnected }
    let path = runner.folder.write(bytes, to: "a.log")
    let outcome = try runner.run(["log", "replay"] + arguments + [path])
    try runner.loop.run {
      reader.records.contains { record in
        if case .sourceLeft? = try? MetaBody(record.body.span.bytes), record.header.type == .meta {
          return true
        }
        return false
      }
    }
    subscriber.cancel()
    server.shutDown()
    return (outcome, reader)
  }

  @Test func givesRecordsToALogServerAgain() throws {
    let (outcome, reader) = try replay(LogArchive.bytes, "--speed", "0")
    #expect(outcome.status == .succeeded, "\(outcome.complaints)")
    let replayed = reader.records.filter { $0.header.source != 0 && $0.header.sequence > 0 }
    #expect(replayed.map(\.body) == LogArchive.records.dropFirst().map { Array($0[32...]) })
    #expect(replayed.map(\.header.sequence) == Array(1...12))
    #expect(replayed.map(\.header.time) == (1...12).map { LogArchive.time($0) })
    #expect(replayed.map(\.header.connection) == [1, 2, 1, 1, 2, 2, 1, 1, 1, 0, 1, 2])
    #expect(outcome.complaints.first?.hasPrefix("12 records as source ") == true)
    #expect(outcome.complaints.first?.hasSuffix(", 1 META records left out") == true)
  }

  /// More records than a source keeps while the log server is away.
  @Test func endsWhenTheLogServerGoesForGood() throws {
    var server: LogServer? = try LogServer(
      Configuration(
        file: nil,
        overrides: [Configuration.Override(option: "root", key: "logger.root", text: runner.folder.path)]
      ),
      on: runner.loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    var records = LogArchive.records.last!
    while records.count < 12 << 20 { records += records }
    let path = runner.folder.write(LogArchive.bytes + records, to: "large.log")
    // Stop the server as soon as it has some of the records.
    let watch = TimerWatcher(on: runner.loop) {
      if server?.status.records ?? 0 > 0 { server = nil }
    }
    watch.start(after: 0.001, every: 0.001)
    let outcome = try runner.run("log", "replay", "--speed", "0", "--timeout", "0.2", path)
    #expect(server == nil)
    #expect(outcome.status == .unreachable)
    let complaint = "The log server went away and did not come back within 0.2 s: "
    #expect(outcome.complaints.last?.contains(complaint) == true, "\(outcome.complaints)")
  }

  @Test func keepsTimesApartAsRecordedOrFaster() throws {
    let begin = Clock.monotonic()
    let (outcome, _) = try replay(LogArchive.bytes, "--speed", "2", "--until", "@1700000000.9")
    let seconds = Double(Clock.monotonic() - begin) / 1e9
    #expect(outcome.status == .succeeded)
    // The records span 0.7 s; at double speed that is 0.35 s.
    #expect(seconds >= 0.35)
  }

  @Test func stampsWithThePresentTimeWhereAsked() throws {
    let begin = Clock.now()
    let (outcome, reader) = try replay(LogArchive.coinscope, "--speed", "0", "--now", "--command", "inv")
    #expect(outcome.status == .succeeded)
    let replayed = reader.records.filter { $0.header.type == .message }
    #expect(replayed.count == 2)
    #expect(replayed.allSatisfy { $0.header.time >= begin })
  }

  @Test func saysThatThereIsNoLogServer() throws {
    let outcome = try runner.run("log", "replay", runner.folder.write(LogArchive.bytes, to: "a.log"))
    #expect(outcome.status == .unreachable)
  }
}
