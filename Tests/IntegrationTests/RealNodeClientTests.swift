import BitcoinWire
import Bytes
import Foundation
import TestSupport
import Testing

/// The client commands against Bitcoin Core nodes, if `NETMINE_BITCOIND` is set.
@Suite(.serialized, .enabled(if: BitcoinNode.program != nil, "NETMINE_BITCOIND names no bitcoind"))
struct RealNodeClientTests {
  /// Starts all programs, and connects to some nodes.
  func deploy(_ nodes: BitcoinNode...) throws -> Deployment {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startConnector(network: "regtest")
    for node in nodes {
      let connect = try deployment.netmine(["connect", node.endpoint])
      #expect(connect.status == 0, "\(connect.errors)")
    }
    return deployment
  }

  func last(_ outcome: (status: Int32, output: String, errors: String)) throws -> [String: Any] {
    let line = try #require(outcome.output.split(separator: "\n").last, "\(outcome.errors)")
    return try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
  }

  /// Brings two nodes that do not know each other to the same chain.
  func share(_ blocks: [String], of first: BitcoinNode, with second: BitcoinNode) throws {
    for hash in blocks { try second.call("submitblock", first.call("getblock", hash, "0")) }
    #expect(try second.call("getblockcount") == "\(blocks.count)")
  }

  /// Has a node make a transaction, in hexadecimal, which is then in its mempool.
  func spend(_ coinbase: String, of node: BitcoinNode) throws -> (raw: String, txid: String) {
    let script = try #require(node.object("decodescript", "51")["segwit"] as? [String: Any])
    let raw = try node.call(
      "createrawtransaction",
      "[{\"txid\":\"\(coinbase)\",\"vout\":0}]",
      "[{\"\(script["address"] as! String)\":49.999}]"
    )
    return (raw, try node.call("sendrawtransaction", raw))
  }

  @Test(.timeLimit(.minutes(3))) func carriesATransactionFromNodeToNode() throws {
    let first = try BitcoinNode(at: "127.73.0.1")
    let second = try BitcoinNode(at: "127.73.0.2")
    let blocks = try first.mine(102)
    try share(blocks, of: first, with: second)
    let coinbases = try blocks.prefix(2).map { hash in
      try #require((first.object("getblock", hash)["tx"] as? [String])?.first)
    }
    let deployment = try deploy(second)
    let (raw, txid) = try spend(coinbases[0], of: first)
    func pool(_ node: BitcoinNode) throws -> String { try node.call("getrawmempool") }
    #expect(try !pool(second).contains(txid))
    let file = try deployment.folder.write("signed.hex", raw + "\n")
    #expect(try deployment.netmine(["broadcast", "--tx", file]).status == 0)
    try second.wait(for: "the transaction") { try pool(second).contains(txid) }

    // Announced, asked for, and served.
    let (other, otherID) = try spend(coinbases[1], of: first)
    let outcome = try deployment.netmine([
      "announce", "--all", "--tx", other, "--serve", "--timeout", "60", "--json",
    ])
    #expect(try last(outcome)["asked"] as? Int == 1)
    try second.wait(for: "the transaction that it asked for") { try pool(second).contains(otherID) }
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(3))) func watchesATransactionSpread() throws {
    let first = try BitcoinNode(at: "127.74.0.1")
    let second = try BitcoinNode(at: "127.74.0.2", dialling: first.endpoint)
    try second.wait(for: "the nodes' connection") {
      try second.peers().contains { $0["version"] as? Int ?? 0 > 0 }
    }
    var wallet = try Wallet(first, coinbases: 1)
    try second.wait(for: "the chain") { try second.call("getblockcount") == "\(Wallet.height)" }
    let deployment = try deploy(first, second)
    let transaction = wallet.spendCoinbase()
    let outcome = try deployment.netmine(
      ["probe", "--to", "1", "--tx", Hexadecimal.text(transaction.bytes), "--timeout", "90", "--json"],
      timeout: 120
    )
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try last(outcome)["announced"] as? Int == 1)
    #expect(outcome.output.contains("\"connection\":2,"))
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(3))) func pingsAndHarvests() throws {
    let node = try BitcoinNode(at: "127.75.0.1")
    let known = Set((0..<300).map { "\(11 + $0 % 150).\($0 % 251).3.\($0 % 200 + 1)" })
    try node.call("addpeeraddress", forEach: known.map { [$0, "8333"] })
    let deployment = try deploy(node)
    let pings = try last(deployment.netmine(["ping", "--count", "3", "--interval", "0.1", "--json"]))
    #expect(pings["pongs"] as? Int == 3)
    // The node delays its answer by half a minute on average.
    let list = deployment.root + "new.txt"
    let harvest = try deployment.run(
      "netmine",
      ["getaddr", "--once", "--no-connect", "--list", list, "--timeout", "120", "--json"]
    )
    try node.wait(for: "getaddr at the node") {
      (try node.peers().first?["bytesrecv_per_msg"] as? [String: Int])?["getaddr"] != nil
    }
    try node.skip(seconds: 600)
    #expect(try harvest.wait(timeout: 150) == 0, "\(harvest.errors)")
    let addresses = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(addresses.count > 30)
    #expect(addresses.allSatisfy { known.contains(String($0.dropLast(5))) && $0.hasSuffix(":8333") })
    try deployment.stopAll()
  }
}
