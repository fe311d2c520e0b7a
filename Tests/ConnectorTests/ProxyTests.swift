import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import TestSupport
import Testing

@testable import ConnectorCore

/// Connections through SOCKS5 proxies (RFC 1928), and a client's choices for our `version`.
@Suite struct ProxyTests {
  static let onion = Endpoint("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")!

  /// A proxy driven by the test. It keeps the bytes received.
  final class Proxy {
    var clients: [RawClient] = []
    var listener: Listener!

    init(_ bench: Bench) throws {
      listener = try Listener(
        on: .ipv4(0x7f00_0001, port: 0),
        loop: bench.loop,
        accept: { [unowned self] descriptor, _ in clients.append(RawClient(descriptor, on: bench.loop)) },
        fail: { Issue.record($0) }
      )
    }

    var endpoint: Endpoint { Endpoint(listener.address)! }
  }

  static func target(_ remote: Endpoint, through proxy: Proxy) -> ConnectTarget {
    var target = ConnectTarget(remote)
    target.proxy = proxy.endpoint
    return target
  }

  @Test func connectsThroughAProxyThatWantsAName() throws {
    let bench = try Bench()
    let proxy = try Proxy(bench)
    let client = try bench.client()
    let reply = try bench.ask(client, .connect([Self.target(Self.onion, through: proxy)]), id: 1)
    #expect(reply == .connecting([1]))
    try bench.loop.run { proxy.clients.first?.received.count == 4 }
    let line = proxy.clients[0]
    #expect(line.received == [5, 2, 0, 2])
    line.received = []
    line.stream.write([5, 2])
    try bench.loop.run { line.received.count == 35 }
    #expect(line.received[0...1] == [1, 16] && line.received[18] == 16)
    let name = line.received[2..<18]
    line.received = []
    line.stream.write([1, 0])
    let host = Array("\(Self.onion.address)".utf8)
    try bench.loop.run { line.received.count == 7 + host.count }
    #expect(line.received == [5, 1, 0, 3, UInt8(host.count)] + host + [0x20, 0x8d])
    #expect(bench.events.isEmpty)
    // The reply arrives in pieces. The last piece also has the peer's first bytes.
    line.received = []
    line.stream.write([5, 0, 0, 1, 0])
    try bench.loop.run(for: 0.02)
    line.stream.write([0, 0, 0, 0, 0] + Bench.network.frame(bench.version()) + Bench.network.frame(.verack))
    try bench.loop.run { client.events.count == 2 }
    #expect(client.events.map(\.connection) == [1, 1])
    #expect(line.commands.first == .version)
    #expect(bench.connector.connections[1]?.remote == Self.onion)
    try bench.loop.run { bench.events.count == 2 }
    #expect(bench.events.map(\.code) == [.connected, .handshaken])
    #expect(bench.events[0].remote == Self.onion)

    // Another connection uses another name: a circuit of its own.
    var other = Self.target(Self.onion, through: proxy)
    other.isAnother = true
    _ = try bench.ask(client, .connect([other]), id: 2)
    try bench.loop.run { proxy.clients.count == 2 && proxy.clients[1].received.count == 4 }
    proxy.clients[1].received = []
    proxy.clients[1].stream.write([5, 2])
    try bench.loop.run { proxy.clients[1].received.count == 35 }
    #expect(proxy.clients[1].received[2..<18] != name)
  }

  @Test(arguments: [
    ("47", "proxy: the server there does not speak the proxy's protocol"),
    ("05ff", "another authentication method"), ("0502 0101", "refuses our user name"),
    ("0500 0504", "host unreachable"), ("0500 05f0", "onion service not found"),
    ("0500 0500 0009 00", "does not speak"),
    ("", "it closed the connection"),
  ])
  func saysWhatTheProxySays(_ answers: String, _ reason: String) throws {
    let bench = try Bench()
    let proxy = try Proxy(bench)
    let client = try bench.client()
    _ = try bench.ask(client, .connect([Self.target(Self.onion, through: proxy)]), id: 1)
    try bench.loop.run { !(proxy.clients.first?.received.isEmpty ?? true) }
    for answer in answers.split(separator: " ", omittingEmptySubsequences: false) {
      proxy.clients[0].stream.write(Hexadecimal.bytes(answer + (answer == "47" ? "54" : ""))!)
      try bench.loop.run(for: 0.02)
    }
    if answers.isEmpty { proxy.clients[0].stream.close(.closed("now")) }
    try bench.loop.run { client.events.count == 1 }
    guard case .connectFailed(1, let outcome) = client.events[0] else { throw IOError("fail", code: 0) }
    #expect(outcome.code == .proxy && outcome.words.contains(reason), "\(outcome)")
    try bench.loop.run { proxy.clients[0].isClosed || answers.isEmpty }
    #expect(bench.connector.connections.isEmpty)
    try bench.loop.run { bench.events.count == 1 }
    #expect(bench.events.map(\.code) == [.connectFailed])
  }

  @Test func usesTheConfiguredProxyForOnionAddressesOnly() throws {
    let bench = try Bench("onion_proxy = \"127.0.0.1:1\";")
    let client = try bench.client()
    _ = try bench.ask(
      client,
      .connect([ConnectTarget(Self.onion), ConnectTarget(Endpoint("127.0.0.1:2")!)]),
      id: 1
    )
    try bench.loop.run { client.events.count == 2 }
    for event in client.events {
      guard case .connectFailed(let id, let outcome) = event else { throw IOError("fail", code: 0) }
      #expect(outcome.words.contains("proxy: 127.0.0.1:1") == (id == 1), "\(outcome)")
    }
  }

  @Test func usesSeveralProxiesInTurn() throws {
    let loop = EventLoop()
    var counts = [0, 0]
    let listeners = try (0..<2).map { number in
      try Listener(
        on: .ipv4(0x7f00_0001, port: 0),
        loop: loop,
        accept: { descriptor, _ in
          counts[number] += 1
          close(descriptor)
        },
        fail: { Issue.record($0) }
      )
    }
    let list = listeners.map { "\"\($0.address)\"" }.joined(separator: ", ")
    let bench = try Bench("onion_proxy = ( \(list) );", on: loop)
    let client = try bench.client()
    var target = ConnectTarget(Self.onion)
    target.isAnother = true
    _ = try bench.ask(client, .connect([target, target, target, target]), id: 1)
    try bench.loop.run { client.failures.count == 4 }
    #expect(counts == [2, 2])
    #expect(client.failures.values.allSatisfy { $0.hasPrefix("proxy: ") })
  }

  @Test func endsWhatAProxyTakesTooLongFor() throws {
    let bench = try Bench("dial: { proxy_timeout = 1.5; };", bitcoin: "connect_timeout = 0.2;")
    let proxy = try Proxy(bench)
    let client = try bench.client()
    _ = try bench.ask(client, .connect([Self.target(Self.onion, through: proxy)]), id: 1)
    try bench.loop.run { client.failures[1] != nil }
    #expect(client.failures[1] == "proxy: not connected within 1.5 s")
  }

  @Test func dialsIPv6AndCJDNSDirectly() throws {
    let bench = try Bench()
    var count = 0
    let listener = try Listener(
      on: .ipv6(high: 0, low: 1, port: 0),
      loop: bench.loop,
      accept: { descriptor, _ in
        count += 1
        close(descriptor)
      },
      fail: { Issue.record($0) }
    )
    let client = try bench.client()
    let cjdns = Endpoint("[fc00:1::1]:8333")!
    #expect(cjdns.address.network == .cjdns)
    _ = try bench.ask(
      client,
      .connect([ConnectTarget(Endpoint(listener.address)!), ConnectTarget(cjdns)]),
      id: 1
    )
    try bench.loop.run { count == 1 && client.events.contains { $0.connection == 1 } }
    // There is no route to CJDNS here. The failure is the system's, not a proxy's.
    guard let way = bench.connector.connections[2] else {
      try bench.loop.run { client.failures[2] != nil }
      #expect(client.failures[2]!.hasPrefix("unreachable") || client.failures[2] == "timed out")
      return
    }
    #expect(way.state == .connecting)
  }

  @Test func tellsAPeerWhatTheClientWantsItTold() throws {
    let bench = try Bench()
    let proxy = try Proxy(bench)
    let client = try bench.client()
    var target = ConnectTarget(proxy.endpoint)
    target.services = [.network, .bloom]
    target.userAgent = Array("/other:9/".utf8)
    target.relay = false
    var second = ConnectTarget(proxy.endpoint)
    second.isAnother = true
    _ = try bench.ask(client, .connect([target, second]), id: 1)
    try bench.loop.run { proxy.clients.count == 2 && proxy.clients.allSatisfy { !$0.commands.isEmpty } }
    let said = try proxy.clients.map { try VersionMessage(Array($0.received[24...]).span.bytes) }
    let special = try #require(said.first { $0.userAgent == Array("/other:9/".utf8) })
    #expect(special.services == [.network, .bloom] && special.relay == false)
    let usual = try #require(said.first { $0.userAgent != special.userAgent })
    #expect(usual.services == [] && usual.relay == true)
    try bench.loop.run {
      bench.commands.contains { $0.contains("as services 0x5 as /other:9/ without relay") }
    }
  }
}
