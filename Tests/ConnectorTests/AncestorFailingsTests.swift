import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import TestSupport
import Testing

@testable import ConnectorCore

/// Failings of the predecessor that no other test covers. `docs/hostile-peers.md` names the test of each
/// failing.
@Suite struct AncestorFailingsTests {
  /// Disconnecting all connections crashed it.
  @Test func disconnectsAllWhateverTheyAreDoing() throws {
    let bench = try Bench()
    let open = try (0..<5).map { _ in try bench.dialling() }
    for peer in open { try bench.shake(peer) }
    let half = try (0..<5).map { _ in try bench.dialling() }
    try bench.loop.run { bench.connector.statistics.handshaking == 5 }
    // Connects that are never established: the listener's backlog is full.
    let deaf = try Socket.listen(on: .ipv4(0x7f00_0001, port: 0), backlog: 0)
    defer { Glibc.close(deaf) }
    let full = try (0..<4).map { _ in try Socket.startConnect(to: Socket.localAddress(of: deaf)) }
    defer { for descriptor in full { Glibc.close(descriptor) } }
    _ = bench.connector.dial(ConnectTarget(Endpoint(Socket.localAddress(of: deaf))!), for: nil, request: 0)
    let client = try bench.client()
    #expect(bench.connector.connections.count == 11)
    for id in 1...2 as ClosedRange<UInt32> {
      let count: UInt32 = id == 1 ? 11 : 0
      #expect(try bench.ask(client, .disconnect(.all), id: id) == .disconnecting(count: count, missing: []))
    }
    try bench.loop.run { (open + half).allSatisfy(\.isClosed) && bench.connector.connections.isEmpty }
    try bench.loop.run { bench.events.filter { $0.code.endsConnection }.count == 11 }
    try bench.shake(try bench.dialling())
  }

  /// The processor time of this thread, in ns.
  private static func processorTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// After a first message without payload a connection was ignored, and used 100 % of a processor.
  @Test func hearsWhatComesAfterAnEmptyMessage() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    peer.send(.verack)
    peer.stream.flush()
    try bench.loop.run { bench.messages.count == 1 }
    try bench.shake(peer)
    let client = try bench.client()
    // A frame of version 2 without a request id.
    _ = try bench.ask(client, .statistics, id: 1)
    let empty = try bench.client()
    empty.stream.write([2, 0, 0, 0, 0, 0x3f])
    try bench.loop.run { empty.isClosed || !empty.answers.isEmpty }
    // Nothing keeps the loop busy. Only this thread counts, as other tests run in parallel.
    let start = Self.processorTime()
    try bench.loop.run(for: 0.5)
    #expect(Self.processorTime() - start < 250_000_000)
    _ = try bench.ask(client, .statistics, id: 2)
  }

  /// Wherever a length is read, 0xFFFFFFFF reserved that much memory.
  @Test func reservesNothingForTheLongestLength() throws {
    let bench = try Bench()
    let lent = bench.loop.pool.lentCount
    let peer = try bench.dialling()
    peer.stream.write(
      MessageHeader(magic: Bench.network.magic, command: "tx", length: .max, checksum: 0).bytes
    )
    let clients = try (0..<2).map { _ in try bench.client() }
    for (version, client) in zip([0, 2] as [UInt8], clients) {
      client.stream.write([version, 0xff, 0xff, 0xff, 0xff, 1])
    }
    let source = try RawClient(.unix(bench.folder.path + "publish"), on: bench.loop)
    source.stream.write([UInt8](repeating: 0xff, count: 64))
    for client in [peer, source] + clients { try bench.loop.run { client.isClosed } }
    #expect(bench.loop.pool.lentCount <= lent + 1 << 20)
    #expect(try bench.last(.closedByUs).reason.contains("4294967295"))
  }

  /// A count of targets beyond the end of the frame hung it.
  @Test func refusesMoreTargetsThanThereAre() throws {
    let bench = try Bench()
    // GET_CXN, DISCONNECT and SEND_MSG of version 0 with a count of 0xFFFFFFFF targets, but only one target.
    for command in 1...3 as ClosedRange<UInt8> {
      let client = try bench.client()
      client.stream.write(
        Hexadecimal.bytes("00" + "0000000d" + "02")! + [command] + Hexadecimal.bytes(
          "00000000ffffffff00000001"
        )!
      )
      // The malformed request is published, and the next request is answered.
      client.stream.write(Hexadecimal.bytes("00" + "00000000" + "03")!)
      try bench.loop.run { client.received.count == 4 }
    }
    try bench.loop.run { bench.commands.filter { $0.contains("malformed request of type 2") }.count == 3 }
  }

  /// Five new log sources stalled an existing one for three seconds.
  @Test func isNotHeldUpByNewLogSources() throws {
    let bench = try Bench()
    let path = bench.folder.path + "publish"
    let sources = try (0..<50).map { _ in try RawClient(.unix(path), on: bench.loop) }
    let start = Clock.monotonic()
    for number in 0..<20 {
      let text = "still here \(number)"
      bench.connector.report(.connector, text)
      try bench.loop.run { bench.reader.bodies.last.map { String(decoding: $0, as: UTF8.self) } == text }
    }
    #expect(Clock.monotonic() - start < 1_000_000_000)
    #expect(sources.count == 50)
  }

  /// Log output was delayed until there were 4 KiB of it.
  @Test func passesOnTheLeastRecordAtOnce() throws {
    let bench = try Bench()
    try bench.loop.run { bench.reader.numbered.last?.sequence == bench.connector.publisher.lastSequence }
    bench.connector.report(.connector, "x")
    let start = Clock.monotonic()
    try bench.loop.run { bench.reader.bodies.last == Array("x".utf8) }
    #expect(Clock.monotonic() - start < 500_000_000)
  }

  /// A reset connection was logged as two disconnects.
  @Test(arguments: [false, true]) func tellsAResetOnce(whileWriting: Bool) throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    // A ping waits for its answer when the reset arrives, so that both a read and a write fail.
    if whileWriting { peer.send(.ping(PingMessage(nonce: 2))) }
    peer.stream.flush()
    var option = linger(l_onoff: 1, l_linger: 0)
    let size = socklen_t(MemoryLayout<linger>.size)
    setsockopt(peer.stream.descriptor, SOL_SOCKET, SO_LINGER, &option, size)
    peer.close("reset")
    try bench.loop.run { bench.connector.connections.isEmpty }
    try bench.loop.run(for: 0.1)
    let endings = bench.events.filter { $0.code.endsConnection }
    #expect(endings.count == 1)
    if !whileWriting {
      #expect(
        endings.first?.code == .resetByPeer && endings.first?.outcome?.errorNumber == UInt32(ECONNRESET)
      )
    }
  }

  /// Records were still queued for readers that had disconnected.
  @Test func keepsNothingForReadersThatHaveLeft() throws {
    let bench = try Bench()
    let readers = (0..<5).map { _ in
      let reader = RecordCollector()
      reader.subscriber = LogSubscriber(
        to: .unix(bench.folder.path + "subscribe"),
        Subscription(),
        on: bench.loop,
        handler: reader
      )
      return reader
    }
    try bench.loop.run { bench.server.status.readers == 6 }
    for reader in readers { reader.subscriber = nil }
    try bench.loop.run { bench.server.status.readers == 1 }
    let lent = bench.loop.pool.lentCount
    let text = String(repeating: "y", count: 1 << 20)
    for _ in 0..<20 { bench.connector.report(.connector, text) }
    try bench.loop.run { bench.reader.numbered.last?.sequence == bench.connector.publisher.lastSequence }
    try bench.loop.run { bench.connector.publisher.isSettled }
    bench.reader.bodies.removeAll()
    #expect(bench.loop.pool.lentCount <= lent + 2 << 20)
  }
}
