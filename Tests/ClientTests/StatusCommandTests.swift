import Configuration
import EventLoop
import LogServerCore
import Logging
import Testing

@testable import Commands

@Suite struct StatusCommandTests {
  let runner: CommandRunner

  init() throws {
    runner = try CommandRunner()
    runner.connector.statistics.version = "0.1.0"
    runner.connector.statistics.networkName = "regtest"
    runner.connector.statistics.processID = 4711
    runner.connector.statistics.since = Clock.now() - 192_000_000_000
    runner.connector.statistics.messagesReceived = 12_345
    runner.connector.statistics.openOutbound = 7
  }

  func startLogServer() throws -> LogServer {
    let root = Configuration.Override(option: "root", key: "logger.root", text: runner.folder.path)
    return try LogServer(
      Configuration(file: nil, overrides: [root]),
      on: runner.loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
  }

  @Test func tellsWhatIsUp() throws {
    let server = try startLogServer()
    let outcome = try runner.run("status", "--interval", "0.05")
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines[0].hasPrefix("logserver  up    since "))
    #expect(outcome.lines[2] == "  readers     0, 0 archiving; missed by slow ones: 0 records, 0 B")
    let connector = try #require(outcome.lines.first { $0.hasPrefix("connector") })
    #expect(connector.contains("(3m12s), pid 4711, version 0.1.0, network regtest"))
    #expect(outcome.lines.contains("  received    12345 (0/s) messages, 0 B (0 B/s)"))
    #expect(outcome.lines.last == "  log server  not joined: records are kept")
    server.shutDown()
  }

  @Test func failsWhereTheLogServerRefusesTheConnector() throws {
    let server = try startLogServer()
    runner.connector.statistics.refusal = "the secret does not match instance 5"
    let outcome = try runner.run("status", "--interval", "0")
    #expect(outcome.status == .someFailed)
    let sentence = "REFUSES the connector: the secret does not match instance 5; records are kept"
    #expect(outcome.lines.last == "  log server  \(sentence)")
    let json = try runner.run("status", "--interval", "0", "--json")
    #expect(json.status == .someFailed)
    #expect(json.lines[0].contains(#""refusal":"the secret does not match instance 5""#))
    server.shutDown()
  }

  @Test func failsWhenOneIsDown() throws {
    let outcome = try runner.run("status", "--interval", "0")
    #expect(outcome.status == .someFailed)
    let path = runner.folder.path + "subscribe"
    #expect(
      outcome.lines[0]
        == "logserver  DOWN  No log server answers on \(path): No such file or directory. Start it with `logserver`."
    )
    #expect(outcome.lines[1].hasPrefix("connector  up    since "))
  }

  @Test func tellsProgramsThatBothAreDown() throws {
    runner.connector.close()
    let outcome = try runner.run("status", "--json")
    #expect(outcome.status == .unreachable)
    #expect(outcome.lines.count == 1)
    #expect(outcome.lines[0].hasPrefix(#"{"logserver":{"up":false,"reason":"No log server answers"#))
    #expect(outcome.lines[0].contains(#""connector":{"up":false,"reason":"No connector answers"#))
  }
}
