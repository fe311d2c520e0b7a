import BitcoinWire
import Foundation
import NodeDatabase
import Observations
import TestSupport
import Testing

@testable import Commands

/// `netmine nodes-db enrich`, with MaxMind's test databases and a name server of the test's own.
@Suite struct NodesDBEnrichTests {
  static let geo = ProcessInfo.processInfo.environment["NETMINE_DATA"].map { $0 + "/geo/" }

  let runner: CommandRunner
  let place: String

  /// In Linköping, in Boxford, and refused.
  let linkoping = Endpoint("89.160.20.112:8333")!
  let boxford = Endpoint("2.125.160.216:8333")!
  let gone = Endpoint("89.160.20.113:8333")!
  let local = Endpoint("127.9.0.1:8333")!
  let overlay = Endpoint(.torV3(Bytes32([UInt8](repeating: 1, count: 32))!), port: 8333)

  init() throws {
    runner = try CommandRunner()
    place = runner.folder.path + "nodes.sqlite"
    let time: UInt64 = 1_767_225_600_000_000_000
    try NodeStore.open(place).record(
      [linkoping, boxford, local, overlay].map { .attempt(Attempt($0, time: time, outcome: nil)) }
        + [.attempt(Attempt(gone, time: time, outcome: Outcome(.refused)))]
    )
  }

  private func run(_ arguments: String..., databases: [String: String] = [:]) throws -> CommandRunner.Outcome
  {
    let settings = databases.sorted { $0.key < $1.key }.flatMap { ["--set", "geo.\($0.key)=\($0.value)"] }
    return try runner.run(["nodes-db", "enrich"] + arguments + settings)
  }

  private func node(_ endpoint: Endpoint) throws -> NodeRecord {
    try #require(try NodeStore.open(place).nodes().first { $0.endpoint == endpoint })
  }

  @Test func saysWhatIsNeeded() throws {
    let outcome = try run()
    #expect(outcome.status == .configuration)
    #expect(outcome.complaints.first?.contains("geo.city") == true)
    #expect(throws: (any Error).self) { try run("--reverse-dns-rate", "5") }
    #expect(throws: (any Error).self) { try run("--reverse-dns", "--reverse-dns-rate", "0") }
  }

  @Test(.enabled(if: geo != nil, "NETMINE_DATA is not set")) func recordsWhereNodesAre() throws {
    let geo = try #require(Self.geo)
    let databases = ["city": geo + "GeoLite2-City-Test.mmdb", "asn": geo + "GeoLite2-ASN-Test.mmdb"]
    let first = try run(databases: databases)
    #expect(first.status == .succeeded && first.complaints.isEmpty)
    #expect(
      first.lines == [
        "4 nodes: 2 with a country, 2 with a city, 1 with an autonomous system; 2 changed"
      ]
    )
    #expect(try node(linkoping)[.city] == .text("Linköping"))
    #expect(try node(linkoping)[.organization] == .text("Bredband2 AB"))
    #expect(try node(boxford)[.longitude] == .real(-1.25))
    #expect(try node(gone)[.country] == .null && node(local)[.country] == .null)
    let all = try run("--all", databases: databases)
    #expect(
      all.lines == [
        "5 nodes: 3 with a country, 3 with a city, 2 with an autonomous system; 1 changed"
      ]
    )
    #expect(try node(gone)[.country] == .text("SE"))
  }

  @Test(.enabled(if: geo != nil, "NETMINE_DATA is not set")) func namesWhatIsMissingAndGoesOn() throws {
    let geo = try #require(Self.geo)
    let missing = runner.folder.path + "missing.mmdb"
    let damaged = geo + "GeoIP2-City-Test-Invalid-Node-Count.mmdb"
    let outcome = try run(
      databases: ["city": damaged, "country": geo + "GeoLite2-Country-Test.mmdb", "asn": missing]
    )
    #expect(outcome.status == .someFailed)
    #expect(outcome.complaints.count == 2)
    #expect(outcome.complaints.contains { $0.contains(missing + ": No such file or directory") })
    #expect(outcome.complaints.contains { $0.contains(damaged + ": ") })
    #expect(try node(linkoping)[.country] == .text("SE") && node(linkoping)[.city] == .null)
  }

  @Test func recordsNames() throws {
    let server = try FakeNameServer(loop: runner.loop)
    server.pointers["112.20.160.89.in-addr.arpa"] = ["a.example"]
    server.pointers["216.160.125.2.in-addr.arpa"] = []
    server.pointers["1.0.9.127.in-addr.arpa"] = ["local.example"]
    let options = ["--reverse-dns", "--dns-server", "\(server.address)", "--reverse-dns-rate", "1000"]
    let outcome = try runner.run(["nodes-db", "enrich"] + options)
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines == ["4 nodes: 1 with a name; 1 changed"])
    #expect(try node(linkoping)[.hostname] == .text("a.example"))
    #expect(
      server.questions.map(\.name).sorted() == ["112.20.160.89.in-addr.arpa", "216.160.125.2.in-addr.arpa"]
    )
    let again = try runner.run(["nodes-db", "enrich", "--unroutable"] + options)
    #expect(again.lines == ["4 nodes: 2 with a name; 1 changed"])
    #expect(try node(local)[.hostname] == .text("local.example"))
  }

  @Test(.timeLimit(.minutes(10))) func keepsWhatWasFoundWhenItIsEnded() throws {
    let server = try FakeNameServer(loop: runner.loop)
    server.pointers["112.20.160.89.in-addr.arpa"] = ["a.example"]
    server.silent = ["216.160.125.2.in-addr.arpa"]
    let program = try Program(
      "netmine",
      [
        "nodes-db", "enrich", "--reverse-dns", "--dns-server", "\(server.address)", "--root",
        runner.folder.path,
      ],
      folder: runner.folder.path
    )
    try runner.loop.run { Set(server.questions.map(\.name)).count == 2 }
    program.signal(SIGTERM)
    #expect(try program.wait() == 1)
    #expect(
      program.lines == ["4 nodes: 1 with a name; 1 changed, ended before all were looked up"]
    )
    #expect(try node(linkoping)[.hostname] == .text("a.example"))
  }
}
