import BitcoinWire
import EventLoop
import NodeDatabase
import Observations
import Testing

@testable import Commands

/// `netmine nodes-db siblings`, and `--once`, on a small and recent database.
@Suite struct NodesDBSiblingsTests {
  let runner: CommandRunner

  /// Forty nodes, and one node with two endpoints. Its user agent is unique, and it was away once.
  init() throws {
    runner = try CommandRunner()
    let start = Clock.now() - 86_400_000_000_000
    func seen(_ endpoint: String, _ hours: UInt64, agent: String?) -> Observation {
      let time = start + hours * 3_600_000_000_000
      guard let agent else {
        return .attempt(Attempt(Endpoint(endpoint)!, time: time, outcome: Outcome(.timedOut)))
      }
      var attempt = Attempt(Endpoint(endpoint)!, time: time, outcome: nil)
      attempt.introduction = PeerIntroduction(
        protocolVersion: 70016,
        services: [.network],
        userAgent: Array(agent.utf8),
        startHeight: 930_000,
        relay: true
      )
      return .attempt(attempt)
    }
    var observations = (1...40).map { seen("5.\($0).0.1:8333", 0, agent: "/Satoshi:30.0.0/") }
    for endpoint in ["[2a01::9]:8333", "9.9.9.9:8333"] {
      observations += [
        seen(endpoint, 0, agent: "/Satoshi:29.0.0(x)/"), seen(endpoint, 5, agent: nil),
        seen(endpoint, 9, agent: "/Satoshi:30.0.0(x)/"),
      ]
    }
    try NodeStore.open(runner.folder.path + "nodes.sqlite").record(observations)
  }

  private func run(_ arguments: String...) throws -> CommandRunner.Outcome {
    var outcome = try runner.run(["nodes-db"] + arguments)
    outcome.lines = outcome.lines.flatMap { $0.split(separator: "\r\n").map(String.init) }
    return outcome
  }

  @Test func listsWhoIsOneNode() throws {
    let outcome = try run("siblings")
    #expect(outcome.status == .succeeded && outcome.lines.count == 3, "\(outcome.lines)")
    let rows = outcome.lines.dropFirst().map { $0.split(separator: " ").map(String.init) }
    #expect(
      rows.map { Array($0.prefix(3)) } == [["1", "9.9.9.9:8333", "ipv4"], ["1", "[2a01::9]:8333", "ipv6"]]
    )
    #expect(
      outcome.complaints.last?.contains("42 endpoints were reached lately; 2 of them are 1 node,") == true
    )
    let none = try run("siblings", "--threshold", "0.9999999")
    #expect(none.status == .succeeded && none.lines.isEmpty)
  }

  @Test func saysWhy() throws {
    let lines = try run("siblings", "--evidence", "--csv").lines
    #expect(lines.first == "group,endpoint,other,evidence,bits,for,against,confidence")
    #expect(
      lines.contains {
        $0.hasPrefix("1,9.9.9.9:8333,[2a01::9]:8333,introduction,") || $0.contains(",introduction,")
      }
    )
    let changes = try #require(lines.first { $0.contains(",changes,") }?.split(separator: ","))
    #expect(changes.suffix(3).prefix(2) == ["3", "0"])
    #expect(Double(changes.last!)! > 0.95)
  }

  @Test func countsANodeOnce() throws {
    #expect(try run("--reachable", "--csv", "--columns", "endpoint").lines.count == 43)
    let once = try run("--reachable", "--csv", "--columns", "endpoint", "--once").lines
    #expect(once.count == 42 && once.contains("9.9.9.9:8333") && !once.contains("[2a01::9]:8333"))
    let six = try run("--network", "ipv6", "--csv", "--columns", "endpoint", "--once").lines
    #expect(six == ["endpoint", "[2a01::9]:8333"])
    #expect(try run("view", "by_network", "--csv").lines == ["network,nodes", "ipv4,41", "ipv6,1"])
    #expect(try run("view", "by_network", "--once", "--csv").lines == ["network,nodes", "ipv4,41"])
    #expect(throws: (any Error).self) { try run("view", "churn", "--once") }
    #expect(throws: (any Error).self) { try run("siblings", "--threshold", "1") }
  }
}
