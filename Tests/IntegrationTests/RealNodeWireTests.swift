import BitcoinWire
import Bytes
import Foundation
import Testing

/// The messages of `BitcoinWire`, exchanged with a Bitcoin Core node, if `NETMINE_BITCOIND` is set.
///
/// A `WirePeer` refuses messages that are not decoded to the last byte. Every test ends with a check that the
/// node complained about none of our messages.
@Suite(.serialized, .enabled(if: BitcoinNode.program != nil, "NETMINE_BITCOIND names no bitcoind"))
struct RealNodeWireTests {
  /// Expects that the node complained about nothing, knows every command that we sent, and closed no peer.
  func expectNoFault(_ node: BitcoinNode, peers count: Int) throws {
    #expect(node.complaints == [])
    let peers = try node.peers()
    #expect(peers.count == count)
    for peer in peers {
      let bytes = try #require(peer["bytesrecv_per_msg"] as? [String: Int])
      #expect(bytes["*other*", default: 0] == 0)
    }
  }

  @Test(.timeLimit(.minutes(10))) func shakesHandsWithEveryOffer() throws {
    let node = try BitcoinNode(
      at: "127.47.0.1",
      [
        "-txreconciliation=1", "-peerbloomfilters=1", "-blockfilterindex=1", "-peerblockfilters=1",
        "-debug=txreconciliation",
      ]
    )
    _ = try node.mine(1)
    let information = try node.object("getnetworkinfo")
    let newest = try #require(information["protocolversion"] as? Int32)
    let feature = FeatureMessage(name: Array("wire-test".utf8), data: [1, 2, 3])
    let peer = try WirePeer(to: node.endpoint)
    let said = try peer.shakeHands(
      offering: (newest < 70017 ? [] : [.feature(feature)]) + [
        .wtxidrelay, .sendaddrv2, .sendtxrcncl(SendReconciliationMessage(version: 1, salt: 7)),
      ]
    )
    try #require(
      said.prefix(5).map(\.command) == [.version, .wtxidrelay, .sendaddrv2, .sendtxrcncl, .verack]
    )
    guard case .version(let version) = said.first, case .sendtxrcncl(let reconciliation) = said[3] else {
      return
    }
    #expect(version.version == newest)
    #expect(version.userAgentText == information["subversion"] as? String)
    #expect(version.startHeight == 1)
    #expect(version.relay == true)
    #expect(version.services.isSuperset(of: [.network, .bloom, .witness, .compactFilters, .networkLimited]))
    #expect(
      String(version.services.rawValue, radix: 16)
        == (information["localservices"] as? String).map { String($0.drop { $0 == "0" }) }
    )
    #expect(reconciliation.version == 1)
    #expect(node.log.contains { $0.contains("Register peer=") })
    #expect(newest < 70017 || node.log.contains { $0.contains("unknown feature advertised: wire-test") })

    #expect(said.contains(.sendcmpct(SendCompactMessage(announce: false, version: 2))))
    #expect(said.contains { if case .ping(let ping) = $0 { ping.nonce != nil } else { false } })
    if !said.contains(where: { $0.command == .feefilter }) {
      try peer.wait(for: "its fee filter") { $0.command == .feefilter ? () : nil }
    }
    let answers = try peer.answers(
      to: .sendheaders,
      .sendcmpct(SendCompactMessage(announce: true, version: 2)),
      .feefilter(FeeFilterMessage(feeRate: 123_456))
    )
    #expect(!answers.contains { $0.command == .reject })
    let ours = try #require(node.peers().first)
    #expect(ours["version"] as? Int == 70017)
    #expect(ours["subver"] as? String == "/wire:1/")
    #expect(ours["servicesnames"] as? [String] == ["NETWORK", "WITNESS"])
    #expect(ours["bip152_hb_from"] as? Bool == true)
    #expect(ours["minfeefilter"] as? Double == 0.00123456)
    try expectNoFault(node, peers: 1)
  }

  @Test(.timeLimit(.minutes(10))) func understandsWhatIsSaidToOldPeers() throws {
    let node = try BitcoinNode(at: "127.47.0.2")
    // Too old for any of the feature messages; gets the final alert about the compromised alert key.
    let old = try WirePeer(to: node.endpoint)
    let said = try old.shakeHands(version: 70012, offering: [])
    try #require(said.prefix(3).map(\.command) == [.version, .verack, .alert])
    guard case .alert(let message) = said[2] else { return }
    let alert = try #require(message.alert)
    #expect(alert.status == Array("URGENT: Alert key compromised, upgrade required".utf8))
    #expect(alert.bytes == message.content)
    // Before BIP 31, a ping was empty and had no answer.
    let oldest = try WirePeer(to: node.endpoint)
    try oldest.send(.version(Self.oldest), .verack)
    try oldest.wait(for: "an empty ping") { $0 == .ping(PingMessage(nonce: nil)) ? () : nil }
    try expectNoFault(node, peers: 2)
  }

  private static let oldest = VersionMessage(
    version: 60000,
    services: [],
    time: 0,
    nonce: 1,
    userAgent: [],
    startHeight: 0,
    relay: nil
  )

  @Test(.timeLimit(.minutes(10))) func findsFaultWhereThereIsSome() throws {
    let node = try BitcoinNode(at: "127.47.0.3")
    var tooMany: [UInt8] = []
    tooMany.appendCompactSize(50_001)
    for _ in 0..<50_001 { InventoryItem(.tx, .zero).append(to: &tooMany) }
    let faults: [(command: Command, payload: [UInt8], checksum: UInt32?, words: String)] = [
      (.inv, tooMany, nil, "Misbehaving: peer="),
      (.getdata, [2, 0], nil, "ProcessMessages(getdata, 2 bytes): Exception"),
      (.sendcmpct, [2] + [UInt8](repeating: 0, count: 8), nil, "invalid sendcmpct announce field"),
      (.ping, [0, 1, 2, 3, 4, 5, 6, 7], 0, "Wrong checksum"),
      (.sendaddrv2, [], nil, "sendaddrv2 received after verack"),
    ]
    for fault in faults {
      let peer = try WirePeer(to: node.endpoint)
      _ = try peer.shakeHands()
      #expect(!node.complaints.contains { $0.contains(fault.words) })
      try peer.send(fault.command, fault.payload, checksum: fault.checksum)
      try node.wait(for: "“\(fault.words)”") { node.complaints.contains { $0.contains(fault.words) } }
    }
  }
}
