import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation
import Observations
import TestSupport
import Testing

@testable import Commands
@testable import ControlCommands
@testable import netmine

@Suite struct ConnectCommandTests {
  let runner: CommandRunner

  init() throws { runner = try CommandRunner() }

  @Test func tellsEachOutcome() throws {
    let outcome = try runner.run("connect", "127.0.0.1", "127.0.0.2:1", "127.0.0.3:2", "[::1]:5")
    #expect(outcome.status == .someFailed)
    #expect(
      outcome.lines == [
        "127.0.0.1 (127.0.0.1:18444): connected in 23.5 ms, id 101, /Satoshi:29.0.0/ version 70016 "
          + "height 900001 services NETWORK|WITNESS",
        "127.0.0.2:1: failed: refused",
        "127.0.0.3:2: failed: closed by peer",
        "[::1]:5: connected in 23.5 ms, id 104, /Satoshi:29.0.0/ version 70016 height 900001 "
          + "services NETWORK|WITNESS",
      ]
    )
    #expect(outcome.complaints == ["2 of 4 connected, 2 failed"])
  }

  @Test func succeedsWhenAllAreConnected() throws {
    let outcome = try runner.run("connect", "127.0.0.1:9", "--json")
    #expect(outcome.status == .succeeded)
    #expect(outcome.complaints.isEmpty)
    #expect(
      outcome.lines == [
        #"{"host":"127.0.0.1:9","address":"127.0.0.1:9","id":101,"outcome":"connected","ms":23.456,"#
          + #""version":70016,"user_agent":"/Satoshi:29.0.0/","height":900001,"#
          + #""services":["NETWORK","WITNESS"],"relay":true}"#
      ]
    )
  }

  @Test func stopsWaiting() throws {
    let outcome = try runner.run("connect", "127.0.0.1:3", "--timeout", "0.05")
    #expect(outcome.status == .someFailed)
    #expect(outcome.lines == ["127.0.0.1:3: nothing heard yet, id 101"])
  }

  @Test func neednotWait() throws {
    let outcome = try runner.run("connect", "127.0.0.1:3", "127.0.0.1:1", "--no-wait")
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines == ["127.0.0.1:3: connecting, id 101", "127.0.0.1:1: connecting, id 102"])
  }

  @Test func readsAFile() throws {
    let path = runner.folder.path + "hosts"
    try "# nodes\n127.0.0.1:9  # one\n\n127.0.0.2:9\r\n".write(
      toFile: path,
      atomically: true,
      encoding: .utf8
    )
    let outcome = try runner.run("connect", "--file", path)
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines.count == 2)
    #expect(try runner.run("connect", "--file", path + "x").status == .usage)
  }

  @Test func sendsManyHostsInBatches() throws {
    let path = runner.folder.path + "hosts"
    let hosts = (0..<2500).map { "10.0.\($0 / 250).\($0 % 250 + 1)" }
    try hosts.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    let outcome = try runner.run("connect", "--file", path)
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines.count == 2500)
    let batches = runner.connector.requests.compactMap { request -> Int? in
      if case .connect(let targets) = request { targets.count } else { nil }
    }
    #expect(batches == [1000, 1000, 500])
  }

  @Test func asksANameServerForAllNamesAtOnce() throws {
    let server = try FakeNameServer(loop: runner.loop)
    server.names["two.example"] = ["127.0.0.2:0", "127.0.0.3:0"].map { SocketAddress($0)! }
    server.names["one.example"] = [.ipv4(0x7f00_0004, port: 0)]
    let hosts = ["two.example:1", "one.example", "gone.example"]
    let outcome = try runner.run(["connect", "--dns-server", "\(server.address)"] + hosts)
    #expect(outcome.status == .someFailed)
    #expect(outcome.lines[0].hasPrefix("gone.example: failed: "))
    #expect(outcome.lines[1].hasPrefix("one.example (127.0.0.4:18444): connected in "))
    // Both addresses were tried, because port 1 is refused.
    #expect(outcome.lines[2].hasPrefix("two.example:1 (127.0.0."))
    let tried = runner.connector.requests.flatMap { request -> [ConnectTarget] in
      if case .connect(let targets) = request { targets } else { [] }
    }
    #expect(tried.count == 3)
  }

  @Test func asksDNSSeeds() throws {
    let server = try FakeNameServer(loop: runner.loop)
    let seeds = Network.signet.dnsSeeds
    #expect(seeds.count > 1)
    for (number, seed) in seeds.enumerated() {
      server.names[seed] = (0..<3).map { .ipv4(0x7f00_0000 | UInt32(number + 1) << 8 | $0, port: 0) }
    }
    runner.connector.answer = {
      guard case .hello = $0 else { return nil }
      let magic = Network.signet.magic
      return .hello(
        ServerHello(
          server: "x",
          networkName: "signet",
          magic: magic,
          defaultPort: 38333,
          instance: 1,
          reach: .anywhere
        )
      )
    }
    let arguments = ["connect", "--dns-seeds", "--limit", "4", "--dns-server", "\(server.address)", "--keep"]
    let outcome = try runner.run(arguments)
    #expect(outcome.status == .succeeded && outcome.lines.count == 4)
    guard case .connect(let targets) = runner.connector.requests.last else { throw IOError("none", code: 0) }
    #expect(targets.allSatisfy { $0.isKept && $0.remote.port == 38333 })
    server.names = [:]
    let nothing = try runner.run(arguments)
    #expect(nothing.status == .someFailed)
    #expect(nothing.complaints.first?.contains("None of the DNS seeds") == true)
  }

  @Test func resolvesNames() throws {
    let outcome = try runner.run("connect", "localhost:9", "no-such-name.invalid")
    #expect(outcome.status == .someFailed)
    #expect(outcome.lines.count == 2)
    #expect(outcome.lines.first?.hasPrefix("no-such-name.invalid: failed: ") == true)
    #expect(outcome.lines.last?.hasPrefix("localhost:9 (") == true)
  }

  @Test(arguments: ["::1:x:", "1.2.3.4:0x", "a b", "host:0", "host:70000", ""])
  func refusesWhatIsNoHost(_ host: String) throws {
    let outcome = try runner.run("connect", host)
    #expect(outcome.status == .usage)
    #expect(outcome.complaints.first?.contains("is neither an address nor a name") == true)
  }

  @Test func needsAHost() {
    #expect(throws: (any Error).self) { try NetmineCommand.parseAsRoot(["connect"]) }
  }
}

@Suite struct ConnectLedgerTests {
  @Test func triesAHostsAddressesOneAfterAnother() {
    var ledger = ConnectLedger()
    let endpoints = ["[::1]:9", "127.0.0.1:9"].map { Endpoint($0)! }
    ledger.add("localhost", at: endpoints)
    #expect(ledger.nextEndpoints(limit: 10) == [endpoints[0]])
    _ = ledger.begun([1])
    #expect(ledger.handle(.connectFailed(1, Outcome(.refused, errorNumber: 111))) == nil)
    #expect(ledger.nextEndpoints(limit: 10) == [endpoints[1]])
    _ = ledger.begun([2])
    let outcome = ledger.handle(.closed(2, Outcome(.closedByPeer)))
    #expect(outcome?.text == "localhost (127.0.0.1:9): failed: closed by peer")
    #expect(ledger.failedCount == 1)
    #expect(ledger.pendingCount == 0)
  }

  @Test func passesOverEventsOfOthers() {
    var ledger = ConnectLedger()
    #expect(ledger.handle(.sent(count: 1, lost: 0)) == nil)
    #expect(ledger.handle(.closed(7, Outcome(.unspecified))) == nil)
  }
}
