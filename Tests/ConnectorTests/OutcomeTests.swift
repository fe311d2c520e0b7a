import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import ConnectorCore

extension RawClient {
  /// Resets the connection.
  fileprivate func reset() {
    var value = linger(l_onoff: 1, l_linger: 0)
    setsockopt(stream.descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    close("reset")
  }
}

/// The words for each kind of failure, in the stream and for the client.
@Suite struct OutcomeTests {
  /// The reason why connection 1 ended. The stream and the client have the same.
  private func reason(_ bench: Bench, _ client: RawClient) throws -> String {
    var found: String?
    try bench.loop.run {
      for event in client.events {
        switch event {
        case .connectFailed(1, let outcome), .closed(1, let outcome): found = outcome.words
        default: break
        }
      }
      return found != nil
    }
    try bench.loop.run { bench.events.contains { $0.code.endsConnection && $0.direction == .outbound } }
    #expect(bench.events.first { $0.code.endsConnection && $0.direction == .outbound }!.reason == found)
    return found!
  }

  @Test(arguments: [
    ("close", "closed before version"), ("reset", "reset: before version"), ("late", "handshake timed out"),
    ("mainnet", "wrong magic"), ("http", "wrong magic"), ("long", "protocol error"),
    ("malformed", "protocol error"),
    ("old", "protocol version too low"), ("leave", "closed by peer"), ("reset later", "reset"),
  ])
  func callsWhatAPeerDoes(_ deed: String, _ outcome: String) throws {
    let bench = try Bench(
      bitcoin: "handshake_timeout = \(deed == "late" ? "0.5" : "20.0"); min_version = 60000;"
    )
    let harbour = try Harbour(bench, block: 70)
    let client = try bench.client()
    _ = try bench.ask(client, .connect(harbour.targets), id: 1)
    try bench.loop.run { !(harbour.callers.first?.client.commands.isEmpty ?? true) }
    let peer = harbour.callers[0].client
    switch deed {
    case "close": peer.close("full")
    case "reset": peer.reset()
    case "mainnet": peer.stream.write(Network.mainnet.frame(.verack))
    case "http": peer.stream.write(Array("HTTP/1.1 400 Bad Request\r\n".utf8))
    case "long":
      let header = MessageHeader(magic: Network.regtest.magic, command: "tx", length: 4_000_001, checksum: 0)
      peer.stream.write(header.bytes)
    case "malformed": peer.stream.write(Bench.network.frame("version", payload: [1, 2, 3]))
    case "old": peer.send(bench.version(version: 209))
    case "leave", "reset later":
      peer.send(bench.version())
      peer.send(.verack)
      try bench.loop.run { bench.connector.statistics.openOutbound == 1 }
      if deed == "leave" { peer.close("done") } else { peer.reset() }
    default: break
    }
    let reason = try reason(bench, client)
    #expect(reason == outcome || reason.hasPrefix("\(outcome): "))
    #expect(reason.hasPrefix(outcome), "\(reason)")
  }

  @Test func callsARefusal() throws {
    let bench = try Bench()
    let harbour = try Harbour(bench, block: 71)
    harbour.listeners[0].close()
    let client = try bench.client()
    _ = try bench.ask(client, .connect(harbour.targets), id: 1)
    #expect(try reason(bench, client) == "refused")
    #expect(client.events == [.connectFailed(1, Outcome(.refused, errorNumber: UInt32(ECONNREFUSED)))])
  }

  @Test func callsABlackHole() throws {
    let bench = try Bench(bitcoin: "connect_timeout = 0.5;")
    // A listener with a full backlog neither accepts nor refuses.
    let address = SocketAddress.ipv4(0x7f48_0001, port: 0)
    let descriptor = try Socket.listen(on: address, backlog: 0)
    defer { close(descriptor) }
    let full = Socket.localAddress(of: descriptor)
    let others = try (0..<4).map { _ in try Socket.startConnect(to: full) }
    defer { for other in others { close(other) } }
    let client = try bench.client()
    _ = try bench.ask(client, .connect([ConnectTarget(Endpoint(full)!)]), id: 1)
    #expect(try reason(bench, client) == "timed out")
  }

  @Test func callsItselfByItsName() throws {
    let bench = try Bench()
    let client = try bench.client()
    let own = Endpoint(bench.connector.listeningAddresses[0])!
    _ = try bench.ask(client, .connect([ConnectTarget(own)]), id: 1)
    #expect(try reason(bench, client) == "connected to ourselves")
    try bench.loop.run { bench.connector.connections.isEmpty }
  }

  @Test func tellsOursFromTheirs() {
    func outcome(_ code: Int32, _ call: IOError.Call = .connect) -> Outcome.Code {
      Outcome(IOError("do it to 192.0.2.1:1", call: call, code: code)).code
    }
    #expect(outcome(EMFILE) == .outOfDescriptors && outcome(ENFILE) == .outOfDescriptors)
    #expect(outcome(EADDRNOTAVAIL) == .outOfPorts)
    #expect(outcome(EADDRNOTAVAIL, .bind) == .failed)
    #expect(outcome(EHOSTUNREACH) == .unreachable && outcome(ENETUNREACH) == .unreachable)
    #expect(outcome(ECONNREFUSED) == .refused && outcome(ETIMEDOUT) == .timedOut)
    #expect(outcome(ECONNRESET) == .reset && outcome(EPROTO) == .failed)
    let refused = IOError("connect to 127.0.0.1:9050", call: .connect, code: ECONNREFUSED)
    let proxy = Endpoint("127.0.0.1:9050")!
    #expect(
      Outcome(refused, at: proxy) == Outcome(.proxy, errorNumber: 111, .proxy(.unreachable(proxy)))
    )
    let none = IOError("make a socket", call: .socket, code: EMFILE)
    #expect(Outcome(none, at: proxy) == Outcome(.outOfDescriptors, errorNumber: 24))
  }
}
