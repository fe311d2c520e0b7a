import BitcoinWire
import Bytes
import Foundation
import Glibc
import Testing

extension RealNodeWireTests {
  /// Options with which the node accepts addresses of every network from its peers, and never uses them.
  private static let options = [
    "-cjdnsreachable=1", "-onion=127.0.0.1:9", "-i2psam=127.0.0.1:9", "-i2pacceptincoming=0",
  ]

  /// The networks of the addresses that nodes send.
  private static let networks: [NetworkID] = [.ipv4, .ipv6, .torV3, .i2p, .cjdns]

  @Test(.timeLimit(.minutes(10))) func hearsAddressesOfEveryNetwork() throws {
    let node = try BitcoinNode(at: "127.47.0.4", Self.options)
    let known = Self.networks.flatMap { Self.endpoints(of: $0, count: 50) }
    try node.call("addpeeraddress", forEach: known.map { ["\($0.address)", "\($0.port)"] })
    let told = try node.addresses()
    #expect(told.count > 200)
    #expect(Set(told.keys).isSubset(of: known.map(\.description)))

    let peer = try WirePeer(to: node.endpoint)
    _ = try peer.shakeHands()
    let old = try WirePeer(to: node.endpoint)
    _ = try old.shakeHands(offering: [])
    for asking in [peer, old] {
      try asking.send(.getaddr)
      try asking.settle()
    }
    // The node may answer at once or with a delay.
    try node.skip(seconds: 600)
    let nodes = try peer.wait(for: "addrv2") {
      if case .addrv2(let answer) = $0 { answer.nodes } else { nil }
    }
    #expect(nodes.count > 30)
    #expect(Set(nodes.map(\.endpoint.address.network)) == Set(Self.networks))
    let legacy = try old.wait(for: "addr") { if case .addr(let answer) = $0 { answer.nodes } else { nil } }
    #expect(Set(legacy.map(\.endpoint.address.network)) == [.ipv4, .ipv6])
    for known in nodes + legacy { #expect(told[known.endpoint.description] == known) }
    try expectNoFault(node, peers: 2)
  }

  @Test(.timeLimit(.minutes(10)), arguments: [true, false])
  func tellsAddressesThatTheNodeKeeps(_ speaksV2: Bool) throws {
    let node = try BitcoinNode(at: "127.47.0.5", Self.options)
    // Nodes send getaddr to the peers that they dial.
    let peer = try WirePeer(at: "127.47.0.6") {
      try node.call("addnode", $0, "onetry", "false")
    }
    let said = try peer.shakeHands(offering: speaksV2 ? [.wtxidrelay, .sendaddrv2] : [])
    #expect(said.contains(.getaddr))
    let networks = speaksV2 ? Self.networks : [.ipv4, .ipv6]
    let nodes = networks.flatMap { Self.endpoints(of: $0, count: 8) }.map {
      KnownNode(time: UInt32(time(nil)) - 60, services: [.network, .witness, .p2pV2], endpoint: $0)
    }
    let message: Message = speaksV2 ? .addrv2(AddrV2Message(nodes: nodes)) : .addr(AddrMessage(nodes: nodes))
    _ = try peer.answers(to: message)
    #expect(
      node.log.contains { $0.contains("Received addr: \(nodes.count) addresses (\(nodes.count) processed") }
    )
    let kept = try node.addresses().values
    #expect(Set(kept.map(\.endpoint.address.network)) == Set(networks))
    for known in kept {
      let ours = try #require(nodes.first { $0.endpoint == known.endpoint })
      #expect(known.services == ours.services)
    }
    try expectNoFault(node, peers: 1)
  }

  /// Endpoints with distinct addresses, in ranges where nodes can be.
  private static func endpoints(of network: NetworkID, count: Int) -> [Endpoint] {
    (0..<count).map { number in
      var bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
      switch network {
      case .ipv4: bytes = [11 + UInt8(number), bytes[0], 3, 4]
      case .ipv6: bytes = [0x2a, UInt8(number), 0, 0] + bytes.prefix(12)
      case .cjdns: bytes = [0xfc, UInt8(number)] + bytes.prefix(14)
      default: break
      }
      let address = NetworkAddress(network: network, bytes: bytes)!
      return Endpoint(address, port: network == .i2p ? 0 : .random(in: 1024 ... .max))
    }
  }
}

extension BitcoinNode {
  /// The addresses that the node knows, by endpoint.
  fileprivate func addresses() throws -> [String: KnownNode] {
    let nodes = try objects("getnodeaddresses", "0").map { node in
      let host = try #require(node["address"] as? String)
      let port = try #require(node["port"] as? UInt16)
      return KnownNode(
        time: try #require(node["time"] as? UInt32),
        services: ServiceFlags(rawValue: try #require(node["services"] as? UInt64)),
        endpoint: try #require(Endpoint(host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"))
      )
    }
    return Dictionary(uniqueKeysWithValues: nodes.map { ($0.endpoint.description, $0) })
  }
}
