import BitcoinWire
import Bytes
import EventLoop
import Foundation
import Testing

@testable import SimnetCore

/// The SOCKS5 proxy and the SAM bridge that lead to the nodes, over real sockets.
@Suite struct ProxyTests {
  static func stage(_ shares: String = "0") throws -> Stage {
    var settings = SimnetSettings.small(nodes: 3)
    settings.proxyPorts = (0, 0)
    settings.proxyTimeout = 0.2
    settings.neighbours = try #require(NeighbourShares(shares))
    return try Stage(settings)
  }

  /// Connects to a proxy.
  static func client(_ stage: Stage, _ proxy: Int) throws -> Stranger {
    let client = Stranger(to: stage.simnet.proxyAddresses[proxy], on: stage.loop)
    try stage.run { client.stream != nil }
    return client
  }

  /// A CONNECT request to an endpoint, encoded as by the connector.
  static func request(_ endpoint: Endpoint) -> [UInt8] {
    var bytes: [UInt8] = [5, 1, 0]
    switch endpoint.address {
    case .ipv4, .ipv6, .cjdns: bytes += [endpoint.address.network == .ipv4 ? 1 : 4] + endpoint.address.bytes
    default:
      let name = Array("\(endpoint.address)".utf8)
      bytes += [3, UInt8(name.count)] + name
    }
    return bytes + [UInt8(endpoint.port >> 8), UInt8(endpoint.port & 0xff)]
  }

  static let joined: [UInt8] = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]

  /// Completes a handshake with the node to which a client is joined.
  static func shakeHands(_ stage: Stage, _ client: Stranger) throws {
    client.send(.version(.observer()), .verack)
    try stage.run { client.headers.contains { $0.command == .ping } }
  }

  @Test(arguments: 0..<4) func leadsToANodeByEachOfItsNames(_ name: Int) throws {
    let stage = try Self.stage()
    let endpoint = stage.simnet.directory.names(of: 1)[name]
    let client = try Self.client(stage, 0)
    client.stream?.write([5, 1, 0])
    try stage.run { client.bytes == [5, 0] }
    client.stream?.write(Self.request(endpoint))
    try stage.run { client.bytes.count == 12 }
    #expect(client.bytes.suffix(10) == Self.joined[...])
    client.forget(12)
    try Self.shakeHands(stage, client)
    let payload = client.frames[0].payload
    guard case .version(let version) = try Message.decode(.version, payload: payload.span.bytes).message
    else {
      Issue.record("no version")
      return
    }
    #expect(version.userAgent == Array(stage.simnet.nodes[1].profile.userAgent.utf8))
    #expect(stage.simnet.statistics.proxied == 1 && stage.simnet.statistics.isolationKeys == 0)
  }

  @Test func leadsToEveryNodeByTheAddressThatOthersKnowItBy() throws {
    var settings = SimnetSettings.small(nodes: 300)
    settings.gossip = .real
    settings.proxyPorts = (0, nil)
    let stage = try Stage(settings)
    var networks: [NetworkID: Int] = [:]
    for node in stage.simnet.nodes {
      let names = stage.simnet.directory.names(of: node.index)
      #expect(names[1] == node.knownAs)
      #expect(names.count == ([.ipv4, .cjdns].contains(node.network) ? 5 : 4))
      #expect(Set(names.map(\.address.network)).isSuperset(of: [.torV3, .i2p, .ipv6]))
      #expect(names.allSatisfy { stage.simnet.node(at: $0) == node.index })
      if networks[node.network] == nil { networks[node.network] = node.index }
    }
    #expect(networks.count >= 4)
    for index in networks.values {
      let client = try Self.client(stage, 0)
      client.stream?.write([5, 1, 0] + Self.request(stage.simnet.nodes[index].knownAs))
      try stage.run { client.bytes.count == 12 }
      #expect(client.bytes.suffix(10) == Self.joined[...])
    }
  }

  @Test func hashesDestinationsAsI2PDoes() throws {
    // The keys are 384 bytes of 0x55; the certificate has type Ed25519.
    let bytes = [UInt8](repeating: 0x55, count: 384) + [5, 0, 4, 0, 7, 0, 0]
    let name = "g7k2rulpboytjd3vtewtxjku2lir2nlqqzazutomm5hzrc37lm2a.b32.i2p"
    let text = Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "~")
    #expect(I2PDestination.address(text).map(\.description) == name)
    let destination = try #require(I2PDestination(text))
    #expect(destination.bytes == bytes && destination.text == text)
    var random = RandomSource(seed: 1, purpose: "test")
    #expect(I2PDestination(destination.secret(using: &random)) == destination)
    for count in [0, 384, 386, 390] {
      #expect(I2PDestination(Data(bytes.prefix(count)).base64EncodedString()) == nil)
    }
  }

  @Test func takesBytesOneByOneAndWhatFollowsAtOnce() throws {
    let stage = try Self.stage()
    let endpoint = stage.simnet.directory.names(of: 2)[1]
    let client = try Self.client(stage, 0)
    var said: [UInt8] = [5, 1, 2] + [1, 2, 65, 66, 1, 67] + Self.request(endpoint)
    // The last byte of the request comes together with bytes for the node.
    let last = said.removeLast()
    for byte in said {
      client.stream?.write([byte])
      client.stream?.flush()
      stage.loop.runOnce()
    }
    client.stream?.write([last] + Network.simnet.frame(.version(.observer())) + Network.simnet.frame(.verack))
    try stage.run { client.bytes.count > 14 }
    #expect(Array(client.bytes.prefix(14)) == [5, 2, 1, 0] + Self.joined)
    client.forget(14)
    try stage.run { client.headers.contains { $0.command == .ping } }
  }

  @Test func countsWhoIsKeptApart() throws {
    let stage = try Self.stage()
    for (user, index) in [("a", 0), ("b", 1), ("a", 2)] {
      let client = try Self.client(stage, 0)
      client.stream?.write([5, 2, 0, 2] + [1, 1] + Array(user.utf8) + [1, 0x78])
      client.stream?.write(Self.request(stage.simnet.directory.names(of: index)[1]))
      try stage.run { client.bytes.count == 14 }
    }
    #expect(stage.simnet.statistics.proxied == 3 && stage.simnet.statistics.isolationKeys == 2)
    #expect(stage.simnet.isolation[0].values.sorted() == [1, 2])
    #expect("\(stage.simnet.statistics)".hasSuffix("3 through a proxy with 2 isolation keys"))
  }

  /// The proxy's reply to a request, until it closes.
  private func reply(_ stage: Stage, to request: [UInt8]) throws -> [UInt8] {
    let client = try Self.client(stage, 0)
    client.stream?.write([5, 1, 0] + request)
    try stage.run { client.closeReason != nil }
    return Array(client.bytes.dropFirst(2))
  }

  @Test func saysWhyItCannot() throws {
    let stage = try Self.stage()
    let nobody = Endpoint("1.2.3.4:8333")!
    #expect(try reply(stage, to: Self.request(nobody)) == [5, 4, 0, 1, 0, 0, 0, 0, 0, 0])
    var wrongPort = stage.simnet.directory.names(of: 0)[0]
    wrongPort.port &+= 1
    #expect(try reply(stage, to: Self.request(wrongPort))[1] == 4)
    let name = Array("example.org".utf8)
    #expect(try reply(stage, to: [5, 1, 0, 3, UInt8(name.count)] + name + [0, 80])[1] == 4)
    #expect(try reply(stage, to: [5, 2, 0, 1, 1, 2, 3, 4, 0, 80])[1] == 7)
    #expect(try reply(stage, to: [5, 1, 0, 9, 1, 2, 3, 4, 0, 80])[1] == 8)
    let refused = try Self.stage("refused=1")
    #expect(try reply(refused, to: Self.request(refused.simnet.directory.names(of: 0)[1]))[1] == 5)
    let hole = try Self.stage("black-hole=1")
    let begin = Clock.monotonic()
    #expect(try reply(hole, to: Self.request(hole.simnet.directory.names(of: 0)[1]))[1] == 6)
    #expect(Clock.monotonic() - begin > 150_000_000)
    for greeting in [[4, 1], [5, 1, 1]] as [[UInt8]] {
      let client = try Self.client(stage, 0)
      client.stream?.write(greeting)
      try stage.run { client.closeReason != nil }
      #expect(client.bytes == (greeting[0] == 5 ? [5, 0xff] : []))
    }
  }

  @Test func leadsToListenersThatAreNamedAndToNobodyElse() throws {
    let loop = EventLoop()
    var echoes: [Echo] = []
    let listener = try Listener(on: .ipv4(0x7f00_0001, port: 0), loop: loop) { descriptor, _ in
      echoes.append(Echo(descriptor, on: loop))
    } fail: {
      Issue.record("\($0)")
    }
    let closed = try Listener(on: .ipv4(0x7f00_0001, port: 0), loop: loop) { _, _ in
    } fail: { _ in
    }
    let names = (1...2).map { Endpoint("11.2.3.\($0):8333")! }
    var settings = SimnetSettings.small(nodes: 1)
    settings.proxyPorts = (0, nil)
    for (name, listener) in zip(names, [listener, closed]) {
      let outside: OutsideListener = try #require(OutsideListener(Endpoint(listener.address)))
      settings.outside[name] = outside
    }
    closed.close()
    let stage = try Stage(settings, loop: loop)
    // In both directions, more than may wait for one end.
    let client = try Self.client(stage, 0)
    let said = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    client.stream?.write([5, 1, 0] + Self.request(names[0]) + said)
    try stage.run { client.bytes.count == 12 + said.count }
    #expect(Array(client.bytes.prefix(12)) == [5, 0] + Self.joined)
    #expect(Array(client.bytes.dropFirst(12)) == said)
    #expect(stage.simnet.statistics.proxied == 1)
    client.stream?.close(.closed("enough"))
    try stage.run { echoes.first?.isOver == true }
    // When either end closes, the proxy closes both.
    let other = try Self.client(stage, 0)
    other.stream?.write([5, 1, 0] + Self.request(names[0]))
    try stage.run { other.bytes.count == 12 && echoes.count == 2 }
    echoes[1].stream.close(.closed("enough"))
    try stage.run { other.closeReason != nil }
    #expect(try reply(stage, to: Self.request(names[1])) == [5, 5, 0, 1, 0, 0, 0, 0, 0, 0])
    // The listeners' own endpoints do not work either: they are not names.
    let beside = Endpoint(names[0].address, port: 8334)
    for nobody in [beside, Endpoint(listener.address), Endpoint("11.2.3.3:8333")!, Endpoint("[::1]:9")!] {
      #expect(try reply(stage, to: Self.request(nobody)) == [5, 4, 0, 1, 0, 0, 0, 0, 0, 0])
    }
    #expect(echoes.count == 2)
  }

  @Test func closesOnWhoGoesEarly() throws {
    let stage = try Self.stage()
    for said in [[], [5]] as [[UInt8]] {
      let client = try Self.client(stage, 0)
      client.stream?.write(said)
      client.stream?.flush()
      stage.loop.runOnce()
      client.stream?.close(.closed("enough"))
    }
    let client = try Self.client(stage, 0)
    client.stream?.write([5, 1, 0])
    try stage.run { client.bytes == [5, 0] }
  }

  /// Sends a line from a client of the bridge; returns the reply.
  private func ask(_ stage: Stage, _ client: Stranger, _ line: String) throws -> String {
    let count = client.bytes.count
    client.send(line + "\n")
    try stage.run { client.bytes.dropFirst(count).contains(UInt8(ascii: "\n")) || client.closeReason != nil }
    return String(decoding: client.bytes.dropFirst(count), as: UTF8.self).trimmingPrefix("").description
  }

  private func value(_ name: String, of reply: String) -> String? { SAMLine(String(reply.dropLast()))[name] }

  @Test func leadsToADestination() throws {
    let stage = try Self.stage()
    let control = try Self.client(stage, 1)
    #expect(try ask(stage, control, "HELLO VERSION MIN=3.1 MAX=3.1") == "HELLO REPLY RESULT=OK VERSION=3.1\n")
    let session = try ask(
      stage,
      control,
      "SESSION CREATE STYLE=STREAM ID=abc DESTINATION=TRANSIENT SIGNATURE_TYPE=7 i2cp.leaseSetEncType=4,0"
    )
    #expect(session.hasPrefix("SESSION STATUS RESULT=OK DESTINATION="))
    let me = try ask(stage, control, "NAMING LOOKUP NAME=ME")
    let own = try #require(value("VALUE", of: me))
    #expect(value("DESTINATION", of: session)?.prefix(500) == own.prefix(500))
    let name = stage.simnet.directory.names(of: 1)[2]
    #expect(name.address.network == .i2p && name.port == 0)
    let found = try ask(stage, control, "NAMING LOOKUP NAME=\(name.address)")
    let destination = try #require(value("VALUE", of: found))
    #expect(destination.utf8.count == 524 && value("NAME", of: found) == "\(name.address)")
    #expect(I2PDestination.address(destination) == name.address)

    let client = try Self.client(stage, 1)
    #expect(try ask(stage, client, "HELLO VERSION") == "HELLO REPLY RESULT=OK VERSION=3.1\n")
    let connected = try ask(stage, client, "STREAM CONNECT ID=abc DESTINATION=\(destination) SILENT=false")
    #expect(connected == "STREAM STATUS RESULT=OK\n")
    client.forget(client.bytes.count)
    try Self.shakeHands(stage, client)
    #expect(stage.simnet.isolation[1] == ["abc": 1])

    // The session ends with the connection that created it.
    control.stream?.close(.closed("enough"))
    let late = try Self.client(stage, 1)
    _ = try ask(stage, late, "HELLO VERSION MIN=3.0 MAX=3.3")
    let refusal = try ask(stage, late, "STREAM CONNECT ID=abc DESTINATION=\(destination)")
    #expect(refusal == "STREAM STATUS RESULT=INVALID_ID\n")
    try stage.run { late.closeReason != nil }
  }

  @Test func saysSilentlyWhatItIsAskedToSaySilently() throws {
    let stage = try Self.stage()
    let control = try Self.client(stage, 1)
    _ = try ask(stage, control, "HELLO VERSION")
    _ = try ask(stage, control, "SESSION CREATE STYLE=STREAM ID=q DESTINATION=TRANSIENT")
    let client = try Self.client(stage, 1)
    _ = try ask(stage, client, "HELLO VERSION")
    client.forget(client.bytes.count)
    let name = stage.simnet.directory.names(of: 1)[2].address
    client.send("STREAM CONNECT ID=q DESTINATION=\(name) SILENT=true\n")
    try Self.shakeHands(stage, client)
  }

  @Test(arguments: [
    ("SESSION CREATE STYLE=STREAM ID=x DESTINATION=TRANSIENT", "SESSION STATUS RESULT=DUPLICATED_ID"),
    ("SESSION CREATE STYLE=RAW ID=y DESTINATION=TRANSIENT", "SESSION STATUS RESULT=I2P_ERROR"),
    ("SESSION CREATE STYLE=STREAM ID=y DESTINATION=abc", "SESSION STATUS RESULT=INVALID_KEY"),
    ("NAMING LOOKUP NAME=nobody.i2p", "NAMING REPLY RESULT=KEY_NOT_FOUND NAME=nobody.i2p"),
    (
      "NAMING LOOKUP NAME=\(NetworkAddress.i2p(Bytes32([UInt8](repeating: 7, count: 32))!))",
      "NAMING REPLY RESULT=KEY_NOT_FOUND NAME="
    ),
    ("NAMING LOOKUP NAME=ME", "NAMING REPLY RESULT=KEY_NOT_FOUND NAME=ME"),
    ("STREAM CONNECT ID=nobody DESTINATION=x", "STREAM STATUS RESULT=INVALID_ID"),
    ("STREAM CONNECT ID=x DESTINATION=!", "STREAM STATUS RESULT=INVALID_KEY"),
    ("DATAGRAM SEND", "DATAGRAM STATUS RESULT=I2P_ERROR"),
    ("DEST GENERATE SIGNATURE_TYPE=7", "DEST REPLY PUB="),
    ("STREAM ACCEPT ID=x", "STREAM STATUS RESULT=OK"),
  ])
  func answersWhatItCannotDo(line: String, reply: String) throws {
    let stage = try Self.stage()
    let control = try Self.client(stage, 1)
    _ = try ask(stage, control, "HELLO VERSION")
    _ = try ask(stage, control, "SESSION CREATE STYLE=STREAM ID=x DESTINATION=TRANSIENT")
    let client = try Self.client(stage, 1)
    _ = try ask(stage, client, "HELLO VERSION")
    #expect(try ask(stage, client, line).hasPrefix(reply))
  }

  @Test(arguments: [("0", "PEER_NOT_FOUND"), ("refused=1", "CANT_REACH_PEER"), ("black-hole=1", "TIMEOUT")])
  func saysWhyNobodyIsReached(shares: String, result: String) throws {
    let stage = try Self.stage(shares)
    let name =
      shares == "0" ? nil : stage.simnet.directory.names(of: 1)[2].address
    let control = try Self.client(stage, 1)
    _ = try ask(stage, control, "HELLO VERSION")
    _ = try ask(stage, control, "SESSION CREATE STYLE=STREAM ID=x DESTINATION=TRANSIENT")
    let client = try Self.client(stage, 1)
    _ = try ask(stage, client, "HELLO VERSION")
    let lookup = try ask(stage, client, name.map { "NAMING LOOKUP NAME=\($0)" } ?? "DEST GENERATE")
    let destination = try #require(value(name == nil ? "PUB" : "VALUE", of: lookup))
    let reply = try ask(stage, client, "STREAM CONNECT ID=x DESTINATION=\(destination)")
    #expect(reply == "STREAM STATUS RESULT=\(result)\n")
    try stage.run { client.closeReason != nil }
  }

  @Test func wantsToBeGreetedFirst() throws {
    let stage = try Self.stage()
    for (line, reply) in [
      ("NAMING LOOKUP NAME=ME", "HELLO REPLY RESULT=I2P_ERROR"),
      ("HELLO VERSION MIN=3.2", "HELLO REPLY RESULT=NOVERSION"),
    ] {
      let client = try Self.client(stage, 1)
      #expect(try ask(stage, client, line).hasPrefix(reply))
      try stage.run { client.closeReason != nil }
    }
    let client = try Self.client(stage, 1)
    client.stream?.write([UInt8](repeating: 65, count: 10_000))
    try stage.run { client.closeReason != nil }
  }
}
