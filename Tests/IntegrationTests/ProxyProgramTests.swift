import BitcoinWire
import Foundation
import TestSupport
import Testing

/// A connector that reaches a simulated network at Tor, I2P and IPv6 addresses, through the proxies of
/// simnet.
@Suite struct ProxyProgramTests {
  @Test(.timeLimit(.minutes(3))) func reachesNodesByTheirNames() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let (names, truth) = (deployment.root + "names.txt", deployment.root + "truth.log")
    try deployment.startSimnet(
      nodes: 12,
      base: "127.73.0.1",
      [
        "--gossip", "real", "--socks", "0", "--sam", "0", "--names", names, "--truth-messages", truth,
        "--block-interval", "1",
      ]
    )
    let simnet = try #require(deployment.simnet)
    try simnet.wait(forError: "12 nodes at")
    let proxies = simnet.errors.split(separator: "\n").compactMap { line in
      line.split(separator: "proxy at ").dropFirst().first.map(String.init)
    }
    try #require(proxies.count == 2)
    try deployment.startConnector(["connector.onion_proxy=\(proxies[0])", "connector.i2p_sam=\(proxies[1])"])

    let all = try String(contentsOfFile: names, encoding: .utf8).split(whereSeparator: \.isWhitespace)
    let endpoints = try all.map { try #require(Endpoint(String($0))) }
    let wanted = endpoints.filter { [.torV3, .i2p, .ipv6].contains($0.address.network) }
    #expect(wanted.count == 36)
    // Onion services and I2P destinations through the configured proxies, IPv6 through --proxy.
    for (isDirect, options) in [(true, []), (false, ["--proxy", proxies[0]])] {
      let some = wanted.filter { ($0.address.network != .ipv6) == isDirect }.map(\.description)
      let connect = try deployment.netmine(["connect"] + options + some)
      #expect(connect.status == 0, "\(connect.errors)\(connect.output)")
    }
    let nodes = try deployment.netmine(["nodes", "--json"]).output.split(separator: "\n")
    #expect(nodes.count == 36)
    try deployment.awaitTraffic()
    try deployment.stopAll()

    // The archive has the messages that the nodes wrote, under the names with which they were dialled.
    let compare = try deployment.netmine(["log", "compare", "--truth", truth] + deployment.archiveFiles())
    #expect(compare.status == 0, "\(compare.output)\(compare.errors)")
  }
}
