import Foundation
import Glibc
import TestSupport
import Testing

/// `netmine crawl` as a process, against simulated networks whose truth is known.
@Suite(.serialized) struct CrawlProgramTests {
  func deploy(nodes: Int, base: String, _ options: [String] = []) throws -> (Deployment, [String]) {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startConnector()
    let endpoints = try deployment.startSimnet(
      nodes: nodes,
      base: base,
      ["--tx-rate", "0", "--block-interval", "0"] + options
    )
    return (deployment, endpoints)
  }

  /// The JSON objects that a command prints, one per line.
  func objects(_ output: String) throws -> [[String: Any]] {
    try output.split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }

  @Test(.timeLimit(.minutes(3))) func findsEveryReachableNodeAndInventsNone() throws {
    let (deployment, nodes) = try deploy(nodes: 200, base: "127.73.0.1", ["--full-share", "15"])
    // The crawl starts from two open nodes and from addresses where nothing listens. Trying shows which nodes
    // are full.
    let tried = try deployment.netmine(["connect", "--json", "--file", deployment.root + "nodes.txt"])
    let outcomes = try objects(tried.output)
    let open = Set(
      outcomes.compactMap { $0["outcome"] as? String == "connected" ? $0["address"] as? String : nil }
    )
    #expect(outcomes.count == 200)
    #expect((120..<195).contains(open.count))
    #expect(try deployment.netmine(["disconnect", "--all"]).status == 0)
    let nowhere = (1...5).map { "127.73.9.\($0):\($0)" }
    let start = deployment.folder.write(
      Array((open.sorted().prefix(2) + nowhere).joined(separator: "\n").utf8),
      to: "start.txt"
    )
    let list = deployment.root + "found.txt"
    let crawl = try deployment.netmine(["crawl", "--json", "--file", start, "--list", list], timeout: 120)
    #expect(crawl.status == 0, "\(crawl.errors)")
    let found = Set(try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").map(String.init))
    #expect(found == open)
    let events = try objects(crawl.output)
    let reached = events.filter { $0["event"] as? String == "reached" }
    #expect(Set(reached.compactMap { $0["address"] as? String }) == open)
    #expect(reached.count == open.count)
    let summary = try #require(events.last)
    #expect(summary["event"] as? String == "summary")
    #expect(summary["reachable"] as? Int == open.count)
    #expect(summary["answered"] as? Int == open.count)
    let states = try #require(summary["states"] as? [[String: Any]])
    func count(_ state: String) -> Int? { states.first { $0["state"] as? String == state }?["count"] as? Int }
    #expect(count("full") == nodes.count - open.count)
    #expect(count("refused") == nowhere.count)
    #expect(summary["candidates"] as? Int == nodes.count + nowhere.count)
    // The crawl has closed its own connections again.
    let left = try objects(deployment.netmine(["nodes", "--json"]).output)
    #expect(left.isEmpty)
    let table = try deployment.netmine(["crawl", "--file", start])
    #expect(table.output.hasPrefix("STATE "), "\(table.output)")
    #expect(table.output.contains("USER AGENT"))
    #expect(table.errors.contains("\(open.count) reachable nodes among 205 addresses"), "\(table.errors)")
    try deployment.stopAll()
  }

  /// The database has the right state for each kind of unpleasant node.
  @Test(.timeLimit(.minutes(3))) func tellsStatesOfUnpleasantNodesApart() throws {
    let states: [String: String] = [
      "refused": "refused", "black-hole": "timed out", "full": "full", "mute": "timed out",
      "slow-loris": "timed out", "garbage": "wrong network", "wrong-magic": "wrong network",
      "huge-length": "protocol error", "resetter": "full",
    ]
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startConnector(["connector.bitcoin.handshake_timeout=4.0"])
    let truth = deployment.root + "truth.json"
    let nodes = try deployment.startSimnet(
      nodes: 110,
      base: "127.77.0.1",
      ["--tx-rate", "0", "--block-interval", "0", "--unpleasant", "0.8", "--truth", truth]
    )
    let crawl = try deployment.netmine(
      ["crawl", "--json", "--file", deployment.root + "nodes.txt", "--set", "crawl.answer_timeout=10.0"],
      timeout: 150
    )
    #expect(crawl.status == 0, "\(crawl.errors)")
    let kinds = try objects(String(contentsOfFile: truth, encoding: .utf8))
      .filter { $0["event"] as? String == "node" }
      .map { ($0["endpoint"] as? String ?? "", $0["neighbour"] as? String) }
    #expect(kinds.count == nodes.count)
    #expect(Set(kinds.compactMap(\.1)).count == 22)
    let known = try objects(deployment.netmine(["nodes-db", "--json"]).output)
    let found = Dictionary(
      known.compactMap { row in
        (row["endpoint"] as? String).map { ($0, row["state"] as? String ?? "") }
      }
    ) { first, _ in first }
    for (endpoint, kind) in kinds {
      let expected = kind.flatMap { states[$0] } ?? "reachable"
      #expect(found[endpoint] == expected, "\(kind ?? "pleasant") \(endpoint)")
    }
    // Only nodes of the network count as reachable, whatever spammers announce.
    let reachable = found.filter { $0.value == "reachable" }
    #expect(Set(reachable.keys).isSubset(of: nodes))
    // A crawl that ends while some nodes have not answered yet leaves no connections either.
    let file = deployment.root + "nodes.txt"
    let brief = try deployment.netmine(["crawl", "--file", file, "--no-database", "--duration", "3"])
    #expect(brief.status == 0, "\(brief.errors)")
    #expect(try deployment.netmine(["nodes", "--json"]).output == "")
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(3))) func holdsWhoIsReachable() throws {
    let (deployment, nodes) = try deploy(nodes: 40, base: "127.74.0.1")
    let lost = try deployment.netmine(["crawl"])
    #expect(lost.status == 64)
    #expect(lost.errors.contains("No address to start from"), "\(lost.errors)")
    let crawl = try deployment.run("netmine", ["crawl", nodes[0], "--hold", "--heartbeat", "0.5", "--json"])
    func connections() throws -> Int {
      try objects(deployment.netmine(["nodes", "--json"]).output).filter { $0["state"] as? String == "open" }
        .count
    }
    try crawl.wait(for: "all nodes", timeout: 60) { try connections() == nodes.count }
    // Some nodes are disconnected, and held again within a minute.
    let before = try objects(deployment.netmine(["nodes", "--json"]).output).compactMap { $0["id"] as? Int }
    #expect(try deployment.netmine(["disconnect", "--random", "10"]).status == 0)
    try crawl.wait(for: "those that went", timeout: 60) { try connections() == nodes.count }
    let after = try objects(deployment.netmine(["nodes", "--json"]).output).compactMap { $0["id"] as? Int }
    #expect(Set(before).intersection(after).count == 30)
    crawl.signal(SIGINT)
    #expect(try crawl.wait() == 0)
    let events = try objects(crawl.output)
    #expect(events.contains { $0["event"] as? String == "progress" })
    #expect(events.last?["reachable"] as? Int == nodes.count)
    // The connections belong to no client, so they stay. The next crawl starts from them and dials no node.
    let next = try objects(deployment.netmine(["crawl", "--json"]).output)
    #expect(next.last?["reachable"] as? Int == nodes.count)
    #expect(next.last?["dials"] as? Int == 0)
    #expect(next.count { $0["event"] as? String == "reached" } == nodes.count)
    // The introductions of nodes that another client connected to are stored too.
    let fresh = deployment.root + "fresh.sqlite"
    #expect(try deployment.netmine(["crawl", "--json", "--database", fresh]).status == 0)
    let known = try objects(deployment.netmine(["nodes-db", "--json", "--database", fresh]).output)
    #expect(known.count == nodes.count)
    #expect(known.allSatisfy { ($0["user_agent"] as? String)?.isEmpty == false })
    #expect(try connections() == nodes.count)
    try deployment.stopAll()
  }

  /// A crawl that is killed in the middle has stored its results, and the next one continues from the
  /// database alone.
  @Test(.timeLimit(.minutes(3))) func goesOnFromTheDatabaseWhenItWasKilled() throws {
    let (deployment, nodes) = try deploy(nodes: 60, base: "127.75.0.1")
    let known = try deployment.netmine(["crawl", "status"])
    #expect(known.status == 1)
    #expect(known.errors.contains("No crawl is running here"), "\(known.errors)")
    let crawl = try deployment.run("netmine", ["crawl", nodes[0], "--rate", "10", "--json"])
    func database(_ options: [String]) throws -> [[String: Any]] {
      try objects(deployment.netmine(["nodes-db"] + options + ["--json"]).output)
    }
    try crawl.wait(for: "some nodes in the database", timeout: 60) {
      try database(["--reachable"]).count > 10
    }
    let status = try deployment.netmine(["crawl", "status"])
    #expect(
      status.status == 0 && status.output.contains("  reachable   "),
      "\(status.output)\(status.errors)"
    )
    let told = try objects(deployment.netmine(["crawl", "status", "--json"]).output)
    #expect(told.first?["process"] as? Int == Int(crawl.id))
    crawl.signal(SIGKILL)
    try crawl.wait()
    #expect(try deployment.netmine(["crawl", "status"]).status == 1)
    #expect(try deployment.netmine(["disconnect", "--all"]).status == 0)
    let kept = try database(["--reachable"])
    #expect((10..<60).contains(kept.count))
    // No node is given, and there are no seeds, so the database is the only source of addresses.
    let next = try deployment.netmine(["crawl", "--json"], timeout: 120)
    #expect(next.status == 0, "\(next.errors)")
    #expect(try objects(next.output).last?["reachable"] as? Int == nodes.count)
    let found = try database(["--reachable"])
    #expect(Set(found.compactMap { $0["endpoint"] as? String }) == Set(nodes))
    #expect(found.allSatisfy { $0["species"] as? String != nil })
    let one = try deployment.netmine(["nodes-db", "history", nodes[1], "--json"])
    #expect(one.output.contains("reachable"), "\(one.output)\(one.errors)")
    // The database is one of simnet's nodes, and other networks are refused.
    let other = try deployment.netmine(["crawl", nodes[0], "--no-database", "--json"])
    #expect(other.status == 0, "\(other.errors)")
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(3)), .enabled(if: PostgreSQLServer.programs != nil, "needs PostgreSQL"))
  func keepsWhatItFindsInPostgreSQL() throws {
    let (deployment, nodes) = try deploy(nodes: 30, base: "127.76.0.1")
    let folder = TemporaryFolder()
    let server = try PostgreSQLServer(folder)
    let crawl = try deployment.netmine(["crawl", nodes[0], "--database", server.address], timeout: 120)
    #expect(crawl.status == 0, "\(crawl.errors)")
    let found = try objects(
      deployment.netmine(["nodes-db", "--reachable", "--json", "--database", server.address]).output
    )
    #expect(Set(found.compactMap { $0["endpoint"] as? String }) == Set(nodes))
    let snapshots = try deployment.netmine(["nodes-db", "snapshot", "--list", "--database", server.address])
    #expect(snapshots.output.split(separator: "\n").count == 2, "\(snapshots.output)")
    // The next crawl starts from the database alone.
    let next = try deployment.netmine(["crawl", "--json", "--database", server.address], timeout: 120)
    #expect(try objects(next.output).last?["reachable"] as? Int == nodes.count)
    try deployment.stopAll()
  }

  @Test func speciesAreReadFromAFile() throws {
    let deployment = Deployment()
    let standard = try deployment.netmine(["crawl", "--print-species"])
    #expect(standard.status == 0)
    #expect(standard.output.contains("\nBitcoin Core: agent /Satoshi:*\n"))
    let file = deployment.folder.write(Array("btcd agent *btcd*".utf8), to: "species")
    let wrong = try deployment.netmine(["crawl", "--species", file])
    #expect(wrong.status == 78)
    #expect(wrong.errors.contains("line 1: write NAME: CONDITION"), "\(wrong.errors)")
  }
}
