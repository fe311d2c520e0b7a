import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import LogProtocol
import TestSupport
import Testing

@testable import ConnectorCore

/// The words for a router that does not speak SAM.
private let notProxy = "the server there does not speak the proxy's protocol"

/// Connections through I2P routers (SAM 3.1).
@Suite struct SAMTests {
  static let name = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p"
  static let peer = Endpoint("\(name):0")!

  /// A router driven by the test. It answers each line with the result of `answer`; nil is silence.
  final class Router {
    var lines: [(socket: Int, line: String)] = []
    var clients: [RawClient] = []
    var answer: (String) -> String? = Router.usual
    private var taken: [Int] = []
    private(set) var listener: Listener!

    init(_ loop: EventLoop) throws {
      listener = try Listener(
        on: .ipv4(0x7f00_0001, port: 0),
        loop: loop,
        accept: { [unowned self] descriptor, _ in
          clients.append(RawClient(descriptor, on: loop))
          taken.append(0)
        },
        fail: { Issue.record($0) }
      )
    }

    static func usual(_ line: String) -> String? {
      switch line.split(separator: " ").prefix(2).joined(separator: " ") {
      case "HELLO VERSION": "HELLO REPLY RESULT=OK VERSION=3.1"
      case "SESSION CREATE": "SESSION STATUS RESULT=OK DESTINATION=abc~-="
      case "NAMING LOOKUP": "NAMING REPLY RESULT=OK NAME=x VALUE=dest~ination-AA=="
      case "STREAM CONNECT": "STREAM STATUS RESULT=OK"
      default: nil
      }
    }

    /// Answers the lines received. Call it until the awaited condition holds.
    func answerAll() {
      for (number, client) in clients.enumerated() {
        while taken[number] < client.received.count,
          let end = client.received[taken[number]...].firstIndex(of: 10)
        {
          let line = String(decoding: client.received[taken[number]..<end], as: UTF8.self)
          taken[number] = end + 1
          lines.append((number, line))
          if let reply = answer(line) { client.stream.write(Array((reply + "\n").utf8)) }
          if line.hasPrefix("STREAM") { taken[number] = .max / 2 }
        }
      }
    }
  }

  private func bench(_ more: String = "") throws -> (Bench, Router) {
    let loop = EventLoop()
    let router = try Router(loop)
    return (try Bench("i2p_sam = \"\(router.listener.address)\"; \(more)", on: loop), router)
  }

  private func run(_ bench: Bench, _ router: Router, until condition: () -> Bool) throws {
    try bench.loop.run {
      router.answerAll()
      return condition()
    }
  }

  private func peer(_ number: Int) -> ConnectTarget {
    var target = ConnectTarget(Self.peer)
    target.isAnother = number > 0
    return target
  }

  @Test func connectsThroughOneSession() throws {
    let (bench, router) = try bench()
    let client = try bench.client()
    _ = try bench.ask(client, .connect([peer(0), peer(1)]), id: 1)
    try run(bench, router) { router.lines.filter { $0.line.hasPrefix("STREAM") }.count == 2 }
    let session = router.lines.filter { $0.socket == 0 }.map(\.line)
    #expect(session.count == 2 && session[0] == "HELLO VERSION MIN=3.1 MAX=3.1")
    #expect(session[1].hasPrefix("SESSION CREATE STYLE=STREAM ID=netmine-"))
    #expect(session[1].contains(" DESTINATION=TRANSIENT "))
    let id = session[1].split(separator: " ")[3].dropFirst(3)
    for socket in 1...2 {
      #expect(
        router.lines.filter { $0.socket == socket }.map(\.line) == [
          "HELLO VERSION MIN=3.1 MAX=3.1", "NAMING LOOKUP NAME=\(Self.name)",
          "STREAM CONNECT ID=\(id) DESTINATION=dest~ination-AA== SILENT=false",
        ]
      )
    }
    // The bytes after the router's last line are the peer's.
    let line = router.clients[1]
    let start = line.received.lastIndex(of: 10)! + 1
    try run(bench, router) { line.received.count > start + 24 }
    #expect(MessageHeader(peeking: Array(line.received[start...]).span.bytes)?.command == .version)
    line.send(bench.version())
    line.send(.verack)
    try run(bench, router) { bench.connector.statistics.openOutbound == 1 }
    #expect(bench.connector.connections[1]?.remote == Self.peer)

    // The session ends with its socket. The next connect opens another one.
    #expect(bench.connector.dialler.sessionCount == 1)
    router.clients[0].close("now")
    try run(bench, router) { bench.connector.dialler.sessionCount == 0 }
    _ = try bench.ask(client, .connect([peer(1)]), id: 2)
    try run(bench, router) { router.lines.filter { $0.line.hasPrefix("STREAM") }.count == 3 }
    let names = router.lines.filter { $0.line.hasPrefix("SESSION") }.map { $0.line.split(separator: " ")[3] }
    #expect(Set(names).count == 2)
  }

  @Test(arguments: [
    ("HELLO", "HELLO REPLY RESULT=NOVERSION", "it does not speak SAM 3.1"),
    ("HELLO", "SSH-2.0-OpenSSH", notProxy),
    ("HELLO", "PING PONG", notProxy),
    ("SESSION", "SESSION STATUS RESULT=I2P_ERROR MESSAGE=\"no tunnels yet\"", "I2P_ERROR: no tunnels yet"),
    ("NAMING", "NAMING REPLY RESULT=KEY_NOT_FOUND NAME=x", "the peer is not known"),
    ("NAMING", "NAMING REPLY RESULT=OK NAME=x VALUE=\"a SILENT=true\"", notProxy),
    ("STREAM", "STREAM STATUS RESULT=CANT_REACH_PEER", "the peer cannot be reached"),
    ("STREAM", "STREAM STATUS RESULT=TIMEOUT", "timed out"),
    ("STREAM", "NAMING REPLY RESULT=OK", notProxy),
    ("NAMING", String(repeating: "x", count: 9000), notProxy),
  ])
  func saysWhatTheRouterSays(_ step: String, _ answer: String, _ words: String) throws {
    let (bench, router) = try bench()
    router.answer = { $0.hasPrefix(step) ? answer : Router.usual($0) }
    let client = try bench.client()
    _ = try bench.ask(client, .connect([peer(0)]), id: 1)
    try run(bench, router) { client.failures[1] != nil }
    #expect(client.failures[1] == "proxy: \(words)")
    #expect(bench.connector.connections.isEmpty && bench.connector.statistics.connecting == 0)
    // The address can be dialled again.
    router.answer = Router.usual
    _ = try bench.ask(client, .connect([peer(0)]), id: 2)
    try run(bench, router) { bench.connector.statistics.handshaking == 1 }
  }

  @Test func makesAnotherSessionWhereTheRouterHasForgottenIt() throws {
    let (bench, router) = try bench()
    router.answer = { $0.hasPrefix("STREAM") ? "STREAM STATUS RESULT=INVALID_ID" : Router.usual($0) }
    let client = try bench.client()
    _ = try bench.ask(client, .connect([peer(0)]), id: 1)
    try run(bench, router) { client.failures[1] == "proxy: the session is gone" }
    router.answer = Router.usual
    _ = try bench.ask(client, .connect([peer(0)]), id: 2)
    try run(bench, router) { bench.connector.statistics.handshaking == 1 }
    #expect(router.lines.filter { $0.line.hasPrefix("SESSION") }.count == 2)
  }

  @Test func waitsForASessionNoLongerThanConfigured() throws {
    let (bench, router) = try bench("dial: { proxy_timeout = 0.3; };")
    router.answer = { $0.hasPrefix("SESSION") ? nil : Router.usual($0) }
    let client = try bench.client()
    _ = try bench.ask(client, .connect([peer(0), peer(1)]), id: 1)
    let reply = try bench.ask(client, .disconnect(.connections([2])), id: 2)
    #expect(reply == .disconnecting(count: 1, missing: []))
    try run(bench, router) { client.failures.count == 2 }
    #expect(client.failures == [1: "proxy: not connected within 0.3 s", 2: "disconnected by command"])
    try run(bench, router) { router.clients[0].isClosed }
  }

  @Test func needsARouter() throws {
    let bench = try Bench()
    let client = try bench.client()
    _ = try bench.ask(client, .connect([peer(0)]), id: 1)
    try bench.loop.run { client.failures[1] != nil }
    #expect(client.failures[1] == "no route: i2p needs a proxy, and none is configured")
  }

  @Test func readsLinesInPieces() {
    func line(_ text: String) -> SAM.Line { Array(text.utf8).withUnsafeBytes { SAM.line($0) } }
    let text = "A B C=1 D=\"x y\" E F=\r\nrest"
    for count in 0..<text.utf8.count - 5 { #expect(line(String(text.prefix(count))) == .needsMore) }
    let reply = SAM.Reply(topic: "A B", values: ["C": "1", "D": "x y", "F": ""])
    #expect(line(text) == .reply(reply, count: text.utf8.count - 4))
    #expect(line("A\n") == .malformed && line("\n") == .malformed)
    #expect(line(String(repeating: "x", count: SAM.lineLimit)) == .needsMore)
    #expect(line(String(repeating: "x", count: SAM.lineLimit + 1)) == .malformed)
  }
}
