import BitcoinWire
import EventLoop
import TestSupport
import Testing

@testable import ConnectorCore

/// Peers that are slow or silent.
@Suite struct SlowPeerTests {
  private static let ping = Network.regtest.frame(.ping(PingMessage(nonce: 3)))

  @Test func closesAPeerThatSaysNothing() throws {
    let bench = try Bench(bitcoin: "silence_timeout = 3.0; ping_frequency = 0.3;")
    let silent = try bench.dialling()
    try bench.shake(silent)
    try bench.loop.run { silent.isClosed }
    #expect(silent.commands.contains(.ping))
    #expect(try bench.last(.closedByUs).reason == "silent: no byte for 3.0 s")
  }

  @Test func closesAPeerThatAnswersNoPingWhateverElseItSays() throws {
    let bench = try Bench(bitcoin: "pong_timeout = 1.5; ping_frequency = 0.1;")
    let peer = try bench.dialling()
    try bench.shake(peer)
    try bench.loop.run { peer.commands.contains(.ping) }
    try bench.loop.run {
      if !peer.isClosed { peer.send(.getaddr) }
      return peer.isClosed
    }
    #expect(try bench.last(.closedByUs).reason == "ping timed out: not answered within 1.5 s")
  }

  /// Such peers do not know nonces (BIP31).
  @Test func expectsNoPongOfAPeerThatIsTooOldForIt() throws {
    let bench = try Bench(bitcoin: "pong_timeout = 0.2; ping_frequency = 0.1;")
    let peer = try bench.dialling()
    peer.send(bench.version(version: 60_000))
    peer.send(.verack)
    // One ping a second: two intervals and the time-out have passed.
    try bench.loop.run { peer.commands.filter { $0 == .ping }.count == 3 }
    #expect(!peer.isClosed)
  }

  /// A header or payload that arrives byte by byte keeps the connection only until the time-out, although
  /// bytes keep arriving.
  @Test(arguments: [1, 30]) func closesAPeerWhoseMessageNeverGetsWhole(count: Int) throws {
    let bench = try Bench(bitcoin: "message_timeout = 1.0;")
    let peer = try bench.dialling()
    try bench.shake(peer)
    let message = Array(Network.regtest.frame("x", payload: [UInt8](repeating: 7, count: 5000)))
    peer.stream.write(Array(message[..<count]))
    var next = count
    try bench.loop.run {
      if !peer.isClosed, next < message.count - 1 {
        peer.stream.write([message[next]])
        next += 1
      }
      return peer.isClosed
    }
    #expect(try bench.last(.closedByUs).reason == "message timed out: not complete within 1.0 s")
  }

  /// The time-out applies to each message. A peer that is always in the middle of a message is not slow.
  @Test func letsAPeerBeInTheMiddleOfAMessageAllTheTime() throws {
    let bench = try Bench(bitcoin: "message_timeout = 1.5;")
    let peer = try bench.dialling()
    try bench.shake(peer)
    let start = Clock.monotonic()
    peer.stream.write(Array(Self.ping.prefix(9)))
    var sent = 0
    try bench.loop.run {
      guard !peer.isClosed else { return true }
      guard peer.commands.filter({ $0 == .pong }).count == sent else { return false }
      sent += 1
      peer.stream.write(Array(Self.ping.dropFirst(9) + Self.ping.prefix(9)))
      return Clock.monotonic() - start > 3_500_000_000
    }
    #expect(!peer.isClosed && sent > 10)
  }

  /// Input that was not read because the log server was slow does not count as a peer's silence.
  @Test func blamesNobodyForWhatWasNotRead() throws {
    let bench = try Bench(bitcoin: "silence_timeout = 1.0; handshake_timeout = 1.0; ping_frequency = 0.0;")
    let peer = try bench.dialling()
    try bench.shake(peer)
    let other = try bench.dialling()
    try bench.loop.run { bench.connector.statistics.handshaking == 1 }
    bench.connector.publisher(bench.connector.publisher, isCongested: true)
    for message in [bench.version(), .verack] { other.send(message) }
    peer.stream.write(Self.ping)
    try bench.loop.run(for: 2.5)
    bench.connector.publisher(bench.connector.publisher, isCongested: false)
    try bench.loop.run { peer.commands.contains(.pong) && bench.connector.statistics.openInbound == 2 }
    try bench.loop.run { peer.isClosed && other.isClosed }
    try bench.loop.run { bench.events.filter { $0.reason == "silent: no byte for 1.0 s" }.count == 2 }
  }
}
