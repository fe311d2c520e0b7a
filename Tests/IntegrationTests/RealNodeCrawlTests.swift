import BitcoinWire
import Bytes
import Foundation
import Glibc
import LogProtocol
import TestSupport
import Testing

/// `netmine crawl` among Bitcoin Core nodes, if `NETMINE_BITCOIND` is set.
///
/// The nodes' address managers keep no loopback addresses. So each node has some made-up routable addresses,
/// which simnet's SOCKS5 proxy maps to it. The crawl dials all of them through that proxy, and no connection
/// ever leaves loopback.
@Suite(.serialized, .enabled(if: BitcoinNode.program != nil, "NETMINE_BITCOIND names no bitcoind"))
struct RealNodeCrawlTests {
  /// Routable addresses of a node. Core announces 23 % of its addresses, so with few addresses many nodes
  /// stay unknown.
  private static func names(of node: Int) -> [Endpoint] {
    (0..<12).map { Endpoint(.ipv4((11 + UInt32($0)) << 24 | UInt32(node) << 16 | 0x0304), port: 18444) }
  }

  /// Addresses that the proxy maps to no node.
  private static let nowhere = (0..<10).map { Endpoint(.ipv4(0x2e00_0304 | UInt32($0) << 16), port: 18444) }

  /// Remote addresses of both families to which a process has, or is opening, TCP connections.
  private func remotes(of process: Int32) throws -> [String] {
    let folder = "/proc/\(process)"
    let sockets = try FileManager.default.contentsOfDirectory(atPath: folder + "/fd").compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/fd/\($0)")
    }
    let inodes = Set(sockets.filter { $0.hasPrefix("socket:[") }.map { $0.dropFirst(8).dropLast() })
    return try ["tcp", "tcp6"].flatMap { table in
      let lines = try text("\(folder)/net/\(table)").split(separator: "\n").dropFirst()
      return lines.compactMap { line -> String? in
        let columns = line.split(separator: " ")
        // Listening sockets have no remote end.
        guard columns.count > 9, inodes.contains(columns[9]), columns[3] != "0A" else { return nil }
        return String(columns[2].prefix { $0 != ":" })
      }
    }
  }

  /// The whole content of a file whose size is reported as 0, such as those in /proc.
  private func text(_ path: String) throws -> String {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer.prefix(count) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether an address in the kernel's tables is in 127.0.0.0/8 or ::1; words are in this machine's byte
  /// order.
  private func isLoopback(_ remote: String) -> Bool {
    remote.count == 8 ? remote.hasSuffix("7F") : remote == "00000000000000000000000001000000"
  }

  @Test(.timeLimit(.minutes(5))) func findsRealNodesFromOneOfThem() throws {
    let nodes = try (1...5).map { try BitcoinNode(at: "127.94.0.\($0)") }
    let names = nodes.indices.map(Self.names)
    for node in nodes {
      let known = (names.joined() + Self.nowhere).map { ["\($0.address)", "\($0.port)"] }
      try node.call("addpeeraddress", forEach: known)
    }
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let connector = try deployment.startConnector(network: "regtest")
    let ways = zip(nodes, names).flatMap { node, names in
      names.flatMap { ["--outside", "\($0)=\(node.endpoint)"] }
    }
    try deployment.startSimnet(nodes: 1, base: "127.94.1.1", ["--socks", "0"] + ways)
    let simnet = try #require(deployment.simnet)
    try simnet.wait(forError: "proxy at")
    let proxy = try #require(
      simnet.errors.split(separator: "\n").compactMap {
        $0.split(separator: "proxy at ").dropFirst().first.map(String.init)
      }.first
    )
    let crawl = try deployment.run(
      "netmine",
      ["crawl", names[0][0].description, "--proxy", proxy, "--hold", "--no-database", "--json"]
    )
    func reached() -> Set<String> {
      Set(
        crawl.lines.compactMap {
          let event = (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any] ?? [:]
          return event["event"] as? String == "reached" ? event["address"] as? String : nil
        }
      )
    }
    var remotes: Set<String> = []
    var skipped = 0
    try crawl.wait(for: "all nodes", timeout: 240) {
      try remotes.formUnion(self.remotes(of: connector.id))
      // Nodes delay their answers by half a minute on average. Skip less than the time after which they drop
      // peers.
      skipped += 3
      for node in nodes { try node.skip(seconds: skipped) }
      let reached = reached()
      return names.allSatisfy { !reached.isDisjoint(with: $0.map(\.description)) }
    }
    // The connections are still open.
    try remotes.formUnion(self.remotes(of: connector.id))
    crawl.signal(SIGINT)
    #expect(try crawl.wait() == 0, "\(crawl.errors)")
    let reached = reached()
    let summary = try #require(crawl.lines.last.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) })
    let found = try #require(summary as? [String: Any])
    // Every node was reached at one of its addresses at least, and no other address was.
    for names in names { #expect(!reached.isDisjoint(with: names.map(\.description))) }
    #expect(reached.isSubset(of: names.joined().map(\.description)))
    #expect(found["reachable"] as? Int == reached.count)
    #expect(found["candidates"] as? Int ?? 0 > reached.count)
    // The nodes may only log that we closed connections.
    for node in nodes { #expect(node.complaints.allSatisfy { $0.contains("socket closed, disconnecting") }) }

    // The connector has connected to the proxy, and nowhere beyond this machine.
    #expect(!remotes.isEmpty)
    #expect(remotes.allSatisfy(isLoopback), "\(remotes)")
    try deployment.stopAll()
    let events = try deployment.records().compactMap(\.event)
    let connected = events.filter { $0.code == .connected }
    #expect(connected.count >= reached.count)
    #expect(connected.allSatisfy { $0.local.address.isLoopback && $0.remote.address.isRoutable })
    let failed = events.filter { $0.code == .connectFailed }
    #expect(failed.allSatisfy { Self.nowhere.contains($0.remote) })
  }
}
