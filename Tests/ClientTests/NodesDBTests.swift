import BitcoinWire
import Foundation
import NodeDatabase
import Observations
import TestSupport
import Testing

@testable import Commands
@testable import Steering

/// `netmine nodes-db`, on a small database.
@Suite struct NodesDBTests {
  let runner: CommandRunner
  let place: String

  static let day: UInt64 = 86_400_000_000_000
  /// 2026-01-01T00:00:00Z.
  static let start: UInt64 = 1_767_225_600_000_000_000

  init() throws {
    runner = try CommandRunner()
    place = runner.folder.path + "nodes.sqlite"
    let store = try NodeStore.open(place)
    func reached(_ text: String, _ time: UInt64, _ agent: String, _ services: UInt64) -> Observation {
      var attempt = Attempt(Endpoint(text)!, time: time, outcome: nil)
      attempt.connectDuration = 12_000_000
      attempt.handshakeDuration = 34_000_000
      attempt.introduction = PeerIntroduction(
        protocolVersion: 70016,
        services: ServiceFlags(rawValue: services),
        userAgent: Array(agent.utf8),
        startHeight: 900_000,
        relay: true
      )
      return .attempt(attempt)
    }
    var place = EndpointFacts(Endpoint("5.6.0.1:8333")!, time: Self.start)
    place.country = "DE"
    place.city = "Köln \"am Rhein\""
    place.asn = 64_500
    place.organization = "Net, Inc."
    var neighbour = EndpointFacts(Endpoint("5.7.0.1:8333")!, time: Self.start)
    neighbour.asn = 64_500
    try store.record([
      reached("5.6.0.1:8333", Self.start, "/Satoshi:30.0.0/", 0x409), .enrichment(place),
      reached("5.7.0.1:8333", Self.start, "/Satoshi:30.0.0/", 0x9), .enrichment(neighbour),
      reached("5.8.0.1:8333", Self.start, "/Knots, \"x\":1/", 0x1),
      reached("5.9.0.1:8334", Self.start, "/port/", 0x9),
      reached("[2a01:db8::1]:8333", Self.start, "/six/", 0x9),
      .attempt(Attempt(Endpoint("5.6.0.2:8333")!, time: Self.start, outcome: Outcome(.closedBeforeVersion))),
      .attempt(Attempt(Endpoint("5.8.0.1:8333")!, time: Self.start + Self.day, outcome: Outcome(.refused))),
      reached("5.6.0.1:8333", Self.start + Self.day, "/Satoshi:31.0.0/", 0x409),
    ])
  }

  /// Runs the command. Splits CSV output at carriage return and line feed.
  func run(_ arguments: String...) throws -> CommandRunner.Outcome {
    var outcome = try runner.run(["nodes-db"] + arguments)
    outcome.lines = outcome.lines.flatMap { $0.split(separator: "\r\n").map(String.init) }
    return outcome
  }

  @Test func listsNow() throws {
    let outcome = try run("--reachable", "--columns", "endpoint,user_agent,services,asn", "--sort=-endpoint")
    #expect(outcome.status == .succeeded)
    #expect(
      outcome.lines == [
        "ENDPOINT            USER AGENT        SERVICES                         ASN",
        "[2a01:db8::1]:8333  /six/             NETWORK|WITNESS                  -",
        "5.9.0.1:8334        /port/            NETWORK|WITNESS                  -",
        "5.7.0.1:8333        /Satoshi:30.0.0/  NETWORK|WITNESS                  64500",
        "5.6.0.1:8333        /Satoshi:31.0.0/  NETWORK|WITNESS|NETWORK_LIMITED  64500",
      ]
    )
    #expect(
      try run("list", "--state", "full", "--columns", "endpoint", "--csv").lines == [
        "endpoint", "5.6.0.2:8333",
      ]
    )
    #expect(try run("--agent", "nobody").complaints == ["No such nodes."])
    #expect(throws: (any Error).self) { try run("--columns", "nothing") }
  }

  @Test func listsThePast() throws {
    let outcome = try run(
      "--at",
      "2026-01-01T12:00",
      "--agent",
      "knots",
      "--columns",
      "endpoint,state,user_agent",
      "--csv"
    )
    #expect(
      outcome.lines == ["endpoint,state,user_agent", "5.8.0.1:8333,reachable,\"/Knots, \"\"x\"\":1/\""]
    )
    #expect(try run("--at", "2025-01-01").lines.isEmpty)
  }

  @Test func printsJSONThatCanBeRead() throws {
    let lines = try run("--country", "de", "--json").lines
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
    )
    #expect(lines.count == 1)
    #expect(object["city"] as? String == "Köln \"am Rhein\"")
    #expect(object["services"] as? Int == 0x409)
    #expect(object["species"] is NSNull)
    #expect(object["last_reached_ns"] as? UInt64 == Self.start + Self.day)
    #expect(object.count == NodeColumn.allCases.count)
  }

  @Test func tellsDifferences() throws {
    let outcome = try run("diff", "2026-01-01T12:00", "2026-01-03", "--csv")
    #expect(
      outcome.lines == [
        "endpoint,field,old,value", "5.6.0.1:8333,user_agent,/Satoshi:30.0.0/,/Satoshi:31.0.0/",
        "5.8.0.1:8333,state,reachable,refused",
      ]
    )
    #expect(outcome.complaints == ["0 came, 1 went, 1 other changes"])
    #expect(
      try run("diff", "2025-12-31", "2026-01-01T12:00", "--summary").lines[0].hasPrefix("5 came, 0 went")
    )
    #expect(throws: (any Error).self) { try run("diff", "2026-01-03", "2026-01-01") }
  }

  @Test func tellsANodesHistory() throws {
    let lines = try run("history", "5.8.0.1:8333").lines
    #expect(lines.last?.hasSuffix("tried    refused     -          refused") == true, "\(lines)")
    #expect(
      lines[lines.count - 2].contains("2026-01-02 00:00:00 UTC  changed  state       reachable  refused")
    )
    #expect(try run("history", "9.9.9.9:8333").status == .someFailed)
  }

  @Test func showsViews() throws {
    let outcome = try run("view", "by_user_agent", "--csv", "--limit", "2")
    #expect(outcome.lines[0] == "user_agent,nodes")
    #expect(outcome.lines.count == 3)
    #expect(throws: (any Error).self) { try run("view", "sqlite_master") }
  }

  @Test func snapshotsAndMaintains() throws {
    #expect(try run("snapshot", "--csv").lines.last?.hasSuffix(",4") == true)
    #expect(try run("snapshot", "--list", "--csv").lines.count == 2)
    #expect(try run("maintain").status == .succeeded)
    #expect(try run("view", "reachable_by_hour", "--csv").lines.count == 3)
    let list = try run("export", "--as", "list", "--snapshot", "1").lines
    #expect(list == ["5.6.0.1:8333", "5.7.0.1:8333", "5.9.0.1:8334", "[2a01:db8::1]:8333"])
    #expect(list.allSatisfy { HostSpecification($0, defaultPort: 1) != nil })
  }

  @Test func saysWhatIsWrong() throws {
    let missing = try run("list", "--database", runner.folder.path + "none.sqlite")
    #expect(missing.status == .someFailed)
    #expect(missing.complaints.count == 1)
    let server = try run(
      "list",
      "--set",
      "node_database.place=postgresql://me:pass-word@/x?host=/nonexistent"
    )
    #expect(server.status == .someFailed)
    #expect(server.complaints.allSatisfy { !$0.contains("pass-word") })
  }

  @Test func exportsBitnodesRows() throws {
    let text = try run("export", "--as", "bitnodes").lines.joined(separator: "\n")
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[Any]])
    #expect(rows.count == 4)
    #expect(rows.allSatisfy { $0.count == 14 })
    #expect(rows[0][0] as? String == "5.6.0.1")
    #expect(rows[0][1] as? Int == 8333)
    #expect(rows[0][2] as? Int == 70016)
    #expect(rows[0][3] as? String == "/Satoshi:31.0.0/")
    #expect(rows[0][4] as? Int == 1_767_225_600)
    #expect(rows[0][5] as? Int == 900_000)
    #expect(rows[0][7] as? String == "Köln \"am Rhein\"")
    #expect(rows[0][12] as? String == "AS64500")
    let none = try run("export", "--as", "bitnodes", "--country", "FR").lines
    #expect(none == ["[]"])
  }

  @Test func exportsCrawlersCSV() throws {
    let lines = try run("export", "--as", "crawler", "--at", "2026-01-01T12:00", "--agent", "knots").lines
    #expect(lines[0].hasPrefix("host,port,network,seed_distance,handshake_timestamp,time_connect,"))
    #expect(lines[1] == "5.8.0.1,8333,ipv4,,,,,,70016,1,\"/Knots, \"\"x\"\":1/\",,True,,,,,,,,,")
    #expect(lines[0].split(separator: ",").count == 22)
  }

  @Test func exportsTheSeedersDump() throws {
    let lines = try run("export", "--as", "seeder").lines
    #expect(lines[0].hasPrefix("# address                                        good  lastSuccess    %(2h)"))
    let row = try #require(lines.first { $0.hasPrefix("5.7.0.1:8333 ") })
    // The fields as Bitcoin Core's makeseeds.py splits them.
    let fields = row.split(whereSeparator: \.isWhitespace)
    #expect(fields.count == 12)
    #expect(fields[1] == "1")
    #expect(fields[2] == "1767225600")
    #expect(fields[3] == "12.97%")
    #expect(fields[8] == "900000")
    #expect(fields[9] == "00000009")
    #expect(fields[10] == "70016")
    #expect(fields[11] == "\"/Satoshi:30.0.0/\"")
    #expect(row.count == lines[1].count)
    // Nodes with a non-default port are listed but not good. Nodes that were never reached are not listed.
    #expect(lines.first { $0.hasPrefix("5.9.0.1:8334 ") }?.split(separator: " ")[1] == "0")
    #expect(!lines.contains { $0.hasPrefix("5.6.0.2") })
    #expect(lines.count == 6)
  }

  @Test(.enabled(if: zoneChecker != nil, "needs named-checkzone"))
  func exportsAZoneThatNameServersTake() throws {
    let path = runner.folder.path + "seed.zone"
    let arguments = [
      "export", "--as", "zone", "--origin", "seed.test", "--ns", "ns.other.test", "--mail", "me@other.test",
      "--serial", "7",
    ]
    let status = try runner.run(["nodes-db"] + arguments + ["-o", path]).status
    #expect(status == .succeeded)
    let check = try Program(
      Self.zoneChecker!,
      ["-D", "-o", "-", "seed.test", path],
      folder: runner.folder.path
    )
    #expect(try check.wait() == 0, "\(check.output)\(check.errors)")
    let records = check.output.split(separator: "\n").map {
      $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    func addresses(_ name: String) -> [String] {
      records.filter { $0.hasPrefix("\(name) ") && ($0.contains(" A ") || $0.contains(" AAAA ")) }
        .map { String($0.split(separator: " ").last!) }
    }
    // 5.7.0.1 is in the same autonomous system as another. 5.8.0.1 is not reachable now. 5.9.0.1 has another
    // port.
    #expect(addresses("seed.test.") == ["5.6.0.1", "2a01:db8::1"])
    #expect(addresses("x9.seed.test.") == ["5.6.0.1", "2a01:db8::1"])
    #expect(addresses("x409.seed.test.") == ["5.6.0.1"])
    #expect(addresses("x49.seed.test.") == [])
    #expect(records.contains { $0.contains("SOA ns.other.test. me.other.test. 7 ") })
    // The check must be able to fail.
    let broken = runner.folder.write(Array("seed.test. IN A 5.6.0\n".utf8), to: "broken.zone")
    let other = try Program(Self.zoneChecker!, ["seed.test", broken], folder: runner.folder.path)
    #expect(try other.wait() != 0)
    // If no node qualifies, there is no zone.
    let none = try runner.run(["nodes-db"] + arguments + ["--country", "FR"])
    #expect(none.status == .someFailed)
    #expect(none.lines.isEmpty)
  }

  static let zoneChecker = Program.path(of: "named-checkzone") ?? existing("/usr/sbin/named-checkzone")

  private static func existing(_ path: String) -> String? { access(path, X_OK) == 0 ? path : nil }
}
