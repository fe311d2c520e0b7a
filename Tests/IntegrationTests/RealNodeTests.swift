import BitcoinWire
import Bytes
import Foundation
import LogProtocol
import TestSupport
import Testing

/// The whole pipeline against a Bitcoin Core node, if `NETMINE_BITCOIND` is set.
@Suite(.serialized, .enabled(if: BitcoinNode.program != nil, "NETMINE_BITCOIND names no bitcoind"))
struct RealNodeTests {
  /// Starts all programs and connects to the node; returns the connection's id.
  func connect(_ deployment: Deployment, to node: BitcoinNode, _ settings: [String] = []) throws -> UInt32 {
    try deployment.startLogServer()
    try deployment.startVerbatim()
    try deployment.startConnector(network: "regtest", settings)
    let connect = try deployment.netmine(["connect", node.endpoint])
    #expect(connect.status == 0, "\(connect.errors)")
    return try #require(deployment.nodes().first?["id"] as? UInt32)
  }

  /// Waits until the archive meets a condition.
  func wait(
    _ deployment: Deployment,
    for what: String,
    until condition: ([ArchivedRecord]) throws -> Bool
  ) throws {
    try deployment.verbatim!.wait(for: what) {
      guard FileManager.default.fileExists(atPath: deployment.archive) else { return false }
      return try condition(deployment.records())
    }
  }

  /// Expects that the node counts the same bytes per message as the archive, complains about nothing, and
  /// that no record is lost.
  func expectAgreement(_ deployment: Deployment, _ node: BitcoinNode) throws {
    func sums(_ peer: [String: Any], _ key: String) -> [String: Int] {
      (peer[key] as? [String: Int] ?? [:]).filter { $0.value > 0 }
    }
    var peer: [String: Any] = [:]
    var records: [ArchivedRecord] = []
    func isAgreed() throws -> Bool {
      peer = try #require(node.peers().first)
      records = try deployment.records()
      return sums(peer, "bytesrecv_per_msg") == records.bytesByCommand(sent: true)
        && sums(peer, "bytessent_per_msg") == records.bytesByCommand(sent: false)
    }
    // One side may already count messages that are still under way.
    try? node.wait(for: "the same sums on both sides", until: isAgreed)
    #expect(try node.peers().count == 1)
    #expect(sums(peer, "bytesrecv_per_msg") == records.bytesByCommand(sent: true))
    #expect(sums(peer, "bytessent_per_msg") == records.bytesByCommand(sent: false))
    #expect(peer["bytesrecv"] as? Int == records.bytesByCommand(sent: true).values.reduce(0, +))
    #expect(peer["bytessent"] as? Int == records.bytesByCommand(sent: false).values.reduce(0, +))
    #expect(node.complaints.isEmpty)
    let sequences = records.sequences(ofKind: "connector")
    #expect(sequences == sequences.indices.map { UInt64($0 + 1) })
  }

  @Test(.timeLimit(.minutes(10))) func shakesHandsWithANodeThatWeDial() throws {
    let node = try BitcoinNode(at: "127.40.0.1")
    let deployment = Deployment()
    let id = try connect(deployment, to: node)
    let connection = try #require(deployment.nodes().first)
    #expect((connection["user_agent"] as? String)?.hasPrefix("/Satoshi:") == true)
    #expect(connection["address"] as? String == node.endpoint)
    #expect(connection["state"] as? String == "open")
    let peer = try #require(node.peers().first)
    #expect((peer["subver"] as? String)?.hasPrefix("/Netmine:") == true)
    #expect(peer["version"] as? Int == 70016)
    #expect(peer["relaytxes"] as? Bool == true)
    #expect(peer["addr"] as? String == connection["local"] as? String)
    try expectAgreement(deployment, node)
    // Check that the node does complain about an error: a ping with a wrong checksum.
    let ping = "fabfb5da70696e67000000000000000008000000000000000102030405060708"
    #expect(try deployment.netmine(["send", "--to", "\(id)", "--force", "hex", ping]).status == 0)
    try node.wait(for: "its complaint") { !node.complaints.isEmpty }
    #expect(try deployment.netmine(["disconnect", "\(id)"]).status == 0)
    try node.wait(for: "the end of the connection") { try node.peers().isEmpty }
    try deployment.stopAll()
    let events = try deployment.records().compactMap(\.event)
    #expect(events.map(\.code) == [.connected, .handshaken, .closedByUs])
    #expect(events[1].userAgent == Array((connection["user_agent"] as! String).utf8))
  }

  @Test(.timeLimit(.minutes(10))) func shakesHandsWithANodeThatDialsUs() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let configuration = deployment.root + "netmine.cfg"
    try "connector: { bitcoin: { listeners = ( ( \"AF_INET\", \"127.41.0.1\", 0, 16 ) ); }; };\n".write(
      toFile: configuration,
      atomically: true,
      encoding: .utf8
    )
    let connector = try deployment.startConnector(network: "regtest", file: configuration)
    try connector.wait(forError: "listening for peers")
    let port = try #require(connector.errors.firstMatch(of: /listening for peers on=127\.41\.0\.1:(\d+)/)?.1)
    let node = try BitcoinNode(at: "127.41.0.2", dialling: "127.41.0.1:\(port)")
    // The node may try the encrypted transport first.
    try wait(deployment, for: "the handshake in the archive") {
      $0.contains { $0.event?.code == .handshaken }
    }
    let records = try deployment.records()
    let handshake = try #require(records.first { $0.event?.code == .handshaken })
    let event = try #require(handshake.event)
    #expect(event.direction == .inbound)
    #expect(String(decoding: event.userAgent, as: UTF8.self).hasPrefix("/Satoshi:"))
    let ownEvents = records.filter { $0.header.connection == handshake.header.connection }.compactMap(\.event)
    #expect(ownEvents.map(\.code) == [.accepted, .handshaken])
    let connection = try #require(deployment.nodes().first { $0["state"] as? String == "open" })
    #expect(connection["direction"] as? String == "inbound")
    try node.wait(for: "its own word for it") { try node.peers().contains { $0["version"] as? Int == 70016 } }
    #expect(try node.peers().allSatisfy { $0["inbound"] as? Bool == false })
    // The node stays connected, because it got the messages that it needs.
    let blocks = try node.mine(1)
    try wait(deployment, for: "its block") { $0.contains { $0.announcedBlocks.map(\.description) == blocks } }
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(10))) func archivesTheBlocksAndTransactionsThatANodeAnnounces() throws {
    let node = try BitcoinNode(at: "127.42.0.1")
    let spendable = try node.mine(101)[0]
    let deployment = Deployment()
    let id = try connect(deployment, to: node)
    var blocks: [String] = []
    for _ in 0..<3 {
      blocks += try node.mine(1)
      try wait(deployment, for: "block \(blocks.last!)") {
        $0.received.flatMap(\.announcedBlocks).map(\.description).contains(blocks.last!)
      }
    }
    // The coinbase of the oldest block is mature.
    let coinbase = try #require((node.object("getblock", spendable)["tx"] as? [String])?.first)
    let script = try #require(node.object("decodescript", "51")["segwit"] as? [String: Any])
    let raw = try node.call(
      "createrawtransaction",
      "[{\"txid\":\"\(coinbase)\",\"vout\":0}]",
      "[{\"\(script["address"] as! String)\":49.999}]"
    )
    let txid = try node.call("sendrawtransaction", raw)
    try node.skip(seconds: 60)
    try wait(deployment, for: "the transaction's announcement") {
      $0.received.flatMap(\.inventory).contains { $0.type == .wtx && $0.hash.description == txid }
    }

    // The node serves both when we ask for them.
    let items = [
      InventoryItem(.witnessBlock, try #require(Hash256(blocks[0]))),
      InventoryItem(.witnessTx, try #require(Hash256(txid))),
    ]
    let request = Hexadecimal.text(InventoryMessage(items: items).bytes)
    #expect(try deployment.netmine(["send", "--to", "\(id)", "raw", "getdata", request]).status == 0)
    try wait(deployment, for: "what we asked for") { records in
      [.block, .tx].allSatisfy { command in records.received.contains { $0.command == command } }
    }
    let received = try deployment.records().received
    guard case .block(let block) = received.first(where: { $0.command == .block })?.message,
      case .tx(let transaction) = received.first(where: { $0.command == .tx })?.message
    else {
      Issue.record("the block or the transaction cannot be read")
      return
    }
    #expect(block.header.hash.description == blocks[0])
    #expect(block.header.merkleRoot == block.computedMerkleRoot)
    #expect(transaction.txid.description == txid)
    #expect(Hexadecimal.text(transaction.bytes) == raw)
    try expectAgreement(deployment, node)
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(10))) func getsAnAnswerToGetaddr() throws {
    let node = try BitcoinNode(at: "127.43.0.1")
    let known = Set((0..<300).map { "\(11 + $0 % 150).\($0 % 251).3.\($0 % 200 + 1)" })
    try node.call("addpeeraddress", forEach: known.map { [$0, "8333"] })
    let addresses = try node.object("getaddrmaninfo")["all_networks"] as? [String: Any]
    #expect(try #require(addresses?["total"] as? Int) > 200)
    let deployment = Deployment()
    _ = try connect(deployment, to: node)
    #expect(try deployment.netmine(["broadcast", "getaddr"]).status == 0)
    try node.wait(for: "getaddr at the node") {
      (try node.peers().first?["bytesrecv_per_msg"] as? [String: Int])?["getaddr"] == MessageHeader.size
    }
    // The node delays its answer, and sends a part of its addresses.
    try node.skip(seconds: 600)
    func answers(_ records: [ArchivedRecord]) -> [KnownNode] {
      records.received.flatMap { record -> [KnownNode] in
        if case .addrv2(let answer) = record.message { answer.nodes } else { [] }
      }
    }
    try wait(deployment, for: "the answer") { !answers($0).isEmpty }
    let told = try answers(deployment.records())
    #expect(told.count > 30)
    #expect(told.allSatisfy { known.contains($0.endpoint.address.description) && $0.endpoint.port == 8333 })
    try expectAgreement(deployment, node)
    try deployment.stopAll()
  }

  /// Runs for 20 seconds, or for `NETMINE_SOAK_SECONDS` if it is set.
  @Test(.timeLimit(.minutes(60))) func staysConnected() throws {
    let seconds = ProcessInfo.processInfo.environment["NETMINE_SOAK_SECONDS"].flatMap(Double.init) ?? 20
    let node = try BitcoinNode(at: "127.44.0.1")
    let deployment = Deployment()
    _ = try connect(
      deployment,
      to: node,
      ["connector.bitcoin.ping_frequency=1", "connector.bitcoin.active_ping.mean=5"]
    )
    let before = try #require(node.peers().first?["id"] as? Int)
    let end = Date().addingTimeInterval(seconds)
    var blocks: [String] = []
    while Date() < end {
      let next = min(end, Date().addingTimeInterval(5))
      blocks += try node.mine(1)
      try node.wait(for: "the next block", until: { Date() >= next })
    }
    #expect(try node.peers().map { $0["id"] as? Int } == [before])
    try expectAgreement(deployment, node)
    let records = try deployment.records()
    #expect(records.compactMap(\.event).map(\.code) == [.connected, .handshaken])
    #expect(records.messages.count { $0.isSent && $0.command == .ping } >= Int(seconds / 2))
    let announced = records.received.flatMap(\.announcedBlocks).map(\.description)
    #expect(announced == blocks)
    try deployment.stopAll()
    let verdict = try deployment.netmine(["verify", deployment.archive])
    #expect(verdict.status == 0, "\(verdict.output)\(verdict.errors)")
  }
}

extension Deployment {
  /// The objects that `netmine nodes --json` prints.
  func nodes() throws -> [[String: Any]] {
    let outcome = try netmine(["nodes", "--json"])
    guard outcome.status == 0 else { throw Program.Failure(description: outcome.errors) }
    return try outcome.output.split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }
}
