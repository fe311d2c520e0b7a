import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Testing

@testable import Commands
@testable import netmine

@Suite struct CommandTests {
  let runner: CommandRunner

  init() throws {
    runner = try CommandRunner()
    runner.connector.connections = [5, 6, 7].map { id in
      ConnectionInfo(
        id: id,
        direction: .inbound,
        state: .open,
        remote: Endpoint("127.0.0.\(id):9")!,
        local: Endpoint("127.0.0.1:8333")!,
        since: Clock.now() - 3_661_000_000_000
      )
    }
  }

  var lastRequest: ControlRequest? { runner.connector.requests.last }

  @Test func disconnects() throws {
    let outcome = try runner.run("disconnect", "5,6", "9")
    #expect(outcome.status == .someFailed)
    #expect(outcome.lines == ["2 connections closed"])
    #expect(outcome.complaints == ["netmine: There is no connection 9."])
    #expect(lastRequest == .disconnect(.connections([5, 6, 9])))
    #expect(try runner.run("disconnect", "--all", "--json").lines == [#"{"closed":3,"missing":[]}"#])
    #expect(lastRequest == .disconnect(.all))
    for wrong in [["disconnect"], ["disconnect", "5", "--all"], ["disconnect", "x"], ["disconnect", "0"]] {
      #expect(throws: (any Error).self) { try NetmineCommand.parseAsRoot(wrong) }
    }
  }

  @Test func broadcasts() throws {
    let outcome = try runner.run("broadcast", "getaddr", "raw", "feefilter", "0102030405060708")
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines == ["getaddr: sent to 3 connections", "feefilter: sent to 3 connections"])
    let sent = Network.regtest.frame("feefilter", payload: [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(lastRequest == .send(SendRequest(.message(sent), to: .all)))
    runner.connector.connections = []
    #expect(try runner.run("broadcast", "ping").status == .someFailed)
  }

  @Test func sends() throws {
    let message = Network.regtest.frame("mempool")
    for outcome in [
      try runner.run("send", "--to", "5", "9", "mempool"),
      try runner.run("send", "mempool", "--to", "5,9"),
      try runner.run("send", "--to", "5", "--to", "9", "mempool"),
    ] {
      #expect(outcome.status == .someFailed)
      #expect(outcome.lines == ["mempool: sent to 1 connection; not open: 9"])
      #expect(lastRequest == .send(SendRequest(.message(message), to: .connections([5, 9]))))
    }
  }

  @Test func checksWholeMessages() throws {
    let wrong = Hexadecimal.text(Network.mainnet.frame("getaddr"))
    let refused = try runner.run("broadcast", "hex", wrong)
    #expect(refused.status == .someFailed)
    #expect(
      refused.complaints == [
        "netmine: The message is not sent: its magic is f9beb4d9, not fabfb5da. --force sends it anyway."
      ]
    )
    #expect(runner.connector.requests.count == 1)
    let forced = try runner.run("broadcast", "hex", wrong, "--force", "--json")
    #expect(forced.status == .succeeded)
    #expect(
      forced.lines == [#"{"message":"getaddr","bytes":24,"accepted":3,"sent":3,"lost":0,"missing":[]}"#]
    )
    guard case .send(let request) = lastRequest else { throw IOError("send", code: 0) }
    #expect(request.isUnchecked)
  }

  @Test func listsNodesInPages() throws {
    let outcome = try runner.run("nodes")
    #expect(outcome.status == .succeeded)
    #expect(
      outcome.lines == [
        "ID  ADDRESS      DIR  STATE  VERSION  USER AGENT  SERVICES  HEIGHT  PING ms  IN  OUT    AGE",
        " 5  127.0.0.5:9  in   open         -  -           -              -        -   0    0  1h01m",
        " 6  127.0.0.6:9  in   open         -  -           -              -        -   0    0  1h01m",
        " 7  127.0.0.7:9  in   open         -  -           -              -        -   0    0  1h01m",
      ]
    )
    #expect(lastRequest == .listConnections(after: 6, limit: 0))
    #expect(try runner.run("nodes", "--json").lines.count == 3)
    runner.connector.connections = []
    let empty = try runner.run("nodes")
    #expect(empty.lines.isEmpty)
    #expect(empty.complaints == ["No connections. `netmine connect HOST` makes one."])
  }

  @Test func passesOnWhatTheConnectorRefuses() throws {
    runner.connector.answer = { request in
      if case .hello = request { return nil }
      return .failure(ControlFailure(.shuttingDown, "The connector is about to end."))
    }
    let outcome = try runner.run("reload")
    #expect(outcome.status == .someFailed)
    #expect(outcome.complaints == ["netmine: The connector is about to end."])
  }

  @Test func reloadsAndShutsDown() throws {
    #expect(try runner.run("reload").lines == ["connector: nothing has changed"])
    #expect(try runner.run("shutdown").status == .succeeded)
    #expect(lastRequest == .shutDown)
  }

  @Test func saysWhatToStart() throws {
    runner.connector.close()
    let outcome = try runner.run("nodes")
    #expect(outcome.status == .unreachable)
    #expect(
      outcome.complaints == [
        "netmine: No connector answers on \(runner.folder.path)control: No such file or directory. Start one "
          + "with `connector`, or give its address with --configfile, --root or --control."
      ]
    )
  }

  @Test func saysThatTheConfigurationIsWrong() throws {
    let outcome = try runner.run("nodes", "--set", "connector.relai=1")
    #expect(outcome.status == .configuration)
    #expect(outcome.complaints.first?.contains("connector.relay") == true)
  }
}
