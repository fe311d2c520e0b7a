import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import TestSupport
import Testing

@testable import ConnectorCore

@Suite struct ConnectorTests {
  @Test func dialsAndPublishesEveryMessageOfTheHandshake() throws {
    let bench = try Bench()
    let peer = try bench.dialled()
    try bench.shake(peer)
    #expect(peer.commands == [.version, .wtxidrelay, .sendaddrv2, .verack])
    try bench.loop.run { bench.messages.count == 6 }
    let sent = bench.messages.filter { $0.header.flags.contains(.sent) }.map(\.bytes)
    let received = bench.messages.filter { !$0.header.flags.contains(.sent) }.map(\.bytes)
    #expect(Array(sent.joined()) == peer.received)
    #expect(received == [Bench.network.frame(bench.version()), Bench.network.frame(.verack)])
    #expect(bench.messages.allSatisfy { $0.header.connection == 1 })
    let done = try bench.last(.handshaken)
    #expect(done.userAgent == Array("/peer:1/".utf8))
    #expect(done.direction == .outbound)
    #expect(bench.reader.numbered.map(\.sequence) == (1...UInt64(bench.reader.numbered.count)).map { $0 })
  }

  @Test func letsPeersIn() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.loop.run { bench.connector.statistics.handshaking == 1 }
    #expect(peer.received.isEmpty)
    try bench.shake(peer)
    try bench.loop.run { peer.commands == [.version, .wtxidrelay, .sendaddrv2, .verack] }
    #expect(try bench.last(.accepted).direction == .inbound)
    let info = bench.connector.connections[1]!.info
    #expect(info.state == .open)
    #expect(info.introduction.startHeight == 7)
    #expect(info.introduction.services == .network)
    peer.stream.close(.closed("done"))
    #expect(try bench.last(.closedByPeer).userAgent == Array("/peer:1/".utf8))
    #expect(bench.connector.connections.isEmpty)
  }

  @Test func answersAPing() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    peer.send(.ping(PingMessage(nonce: 77)))
    let pong = Bench.network.frame(.pong(PongMessage(nonce: 77)))
    try bench.loop.run { Array(peer.received.suffix(pong.count)) == pong }
  }

  /// The round trip ends when the answer arrives, even if it is read later.
  @Test func timesItsOwnPings() throws {
    let begin = Clock.monotonic()
    let bench = try Bench(bitcoin: "ping_frequency = 1.0;")
    let peer = try bench.dialling()
    try bench.shake(peer)
    try bench.loop.run { peer.commands.last == .ping }
    let nonce = try PingMessage(Array(peer.received.suffix(8)).span.bytes).nonce!
    peer.send(.pong(PongMessage(nonce: nonce &+ 1)))
    peer.send(.pong(PongMessage(nonce: nonce)))
    peer.stream.flush()
    let answered = Clock.monotonic()
    usleep(500_000)
    try bench.loop.run { bench.connector.connections[1]!.info.ping > 0 }
    #expect(bench.connector.connections[1]!.info.ping < answered - begin + 100_000_000)
  }

  @Test func doesNotPingAtOnceThoseWhoCameAtOnce() throws {
    let bench = try Bench(bitcoin: "ping_frequency = 100.0;")
    for _ in 0..<8 { try bench.shake(try bench.dialling()) }
    let now = Clock.monotonic()
    let dues = bench.connector.connections.all.map { Int64($0.pings.last + 100_000_000_000) - Int64(now) }
    #expect(dues.count == 8 && dues.allSatisfy { (-10_000_000_000...100_000_000_000).contains($0) })
    // Eight within a tenth of the period: the chance is one in ten million.
    #expect(dues.max()! - dues.min()! > 10_000_000_000)
  }

  @Test func stampsWhatCameTogetherAsAnUpperBound() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    let before = bench.messages.count
    let start = Clock.now()
    peer.stream.write(Bench.network.frame(.sendheaders) + Bench.network.frame(.getaddr) + [0xfa, 0xbf])
    try bench.loop.run { bench.messages.count == before + 2 }
    peer.stream.write(Array(Bench.network.frame(.mempool).dropFirst(2)))
    try bench.loop.run { bench.messages.count == before + 3 }
    let headers = bench.messages.suffix(3).map(\.header)
    #expect(headers.map { $0.flags.contains(.upperBound) } == [true, true, false])
    #expect(headers[0].time == headers[1].time)
    #expect(headers.allSatisfy { $0.time >= start && $0.time <= Clock.now() })
    #expect(headers[2].time > headers[1].time)
  }

  @Test func keepsTheKernelsStampsWhileReadingIsSuspended() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    let before = bench.messages.count
    // The beginning of a message is read. The rest arrives while reading is stopped. Both are handled on
    // resumption.
    let message = Bench.network.frame(.getaddr)
    peer.stream.write(Array(message[..<10]))
    try bench.loop.run(for: 0.05)
    bench.connector.publisher(bench.connector.publisher, isCongested: true)
    peer.stream.write(Array(message[10...]))
    peer.stream.flush()
    let sent = Clock.now()
    try bench.loop.run(for: 0.2)
    bench.connector.publisher(bench.connector.publisher, isCongested: false)
    try bench.loop.run { bench.messages.count == before + 1 }
    let header = bench.messages.last!.header
    #expect(header.time < sent + 50_000_000)
    #expect(!header.flags.contains(.upperBound))
  }

  @Test func recordsAWrongChecksumAndIgnoresTheMessage() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    var ping = Bench.network.frame(.ping(PingMessage(nonce: 5)))
    ping[20] ^= 1
    peer.stream.write(ping)
    peer.send(.ping(PingMessage(nonce: 6)))
    let pong = Bench.network.frame(.pong(PongMessage(nonce: 6)))
    try bench.loop.run { Array(peer.received.suffix(pong.count)) == pong }
    #expect(peer.commands.filter { $0 == .pong }.count == 1)
    try bench.loop.run { bench.messages.contains { $0.bytes == ping } }
    #expect(bench.messages.first { $0.bytes == ping }!.header.flags.contains(.wrongChecksum))
  }

  @Test(arguments: [
    Array("GET / HTTP/1.1\r\n\r\n".utf8),
    Network.mainnet.frame(.verack),
    MessageHeader(magic: Network.regtest.magic, command: "tx", length: 4_000_001, checksum: 0).bytes,
  ])
  func closesWhatIsNotTheProtocolAndKeepsTheEvidence(_ bytes: [UInt8]) throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    peer.stream.write(bytes)
    try bench.loop.run { peer.isClosed }
    let event = try bench.last(.closedByUs)
    #expect(event.evidence == bytes)
    #expect(!event.reason.isEmpty)
  }

  @Test func endsAHandshakeThatTakesTooLong() throws {
    let bench = try Bench(bitcoin: "handshake_timeout = 0.5;")
    let peer = try bench.dialling()
    try bench.loop.run { peer.isClosed }
    #expect(try bench.last(.closedByUs).reason.contains("handshake"))
  }

  @Test func refusesAPeerThatIsTooOld() throws {
    let bench = try Bench(bitcoin: "min_version = 31800;")
    let peer = try bench.dialling()
    peer.send(bench.version(version: 209))
    try bench.loop.run { peer.isClosed }
    #expect(try bench.last(.closedByUs).reason.contains("209"))
  }

  @Test func noticesThatItDialledItself() throws {
    let bench = try Bench()
    let own = Endpoint(bench.connector.listeningAddresses[0])!
    _ = bench.connector.dial(ConnectTarget(own), for: nil, request: 0)
    #expect(try bench.last(.closedByUs).reason == "connected to ourselves")
    try bench.loop.run { bench.connector.connections.isEmpty }
  }

  @Test func saysWhyAConnectFailed() throws {
    let bench = try Bench()
    let free = try Listener(
      on: .ipv4(0x7f00_0001, port: 0),
      loop: bench.loop,
      accept: { _, _ in },
      fail: { _ in }
    )
    let endpoint = Endpoint(free.address)!
    free.close()
    _ = bench.connector.dial(ConnectTarget(endpoint), for: nil, request: 0)
    let event = try bench.last(.connectFailed)
    #expect(event.outcome?.errorNumber == UInt32(ECONNREFUSED))
    #expect(event.remote == endpoint)
    #expect(bench.connector.statistics.connectsFailed == 1)
  }

  @Test func endsAPeerThatNeverReads() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    peer.stream.pause()
    let large = Bench.network.frame("x", payload: [UInt8](repeating: 0, count: 1 << 20))
    let connection = bench.connector.connections[1]!
    for _ in 0..<40 where connection.isLive {
      connection.send(large)
      bench.loop.runOnce()
    }
    #expect(try bench.last(.closedByUs).reason.contains("does not read"))
  }

  @Test func keepsOffTheBlacklistBothWays() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "blacklist.txt"
    try write("127.0.0.9\n", to: path)
    let bench = try Bench("blacklist = \"\(path)\";")
    let shunned = try bench.dialling(from: .ipv4(0x7f00_0009, port: 0))
    try bench.loop.run { shunned.isClosed }
    #expect(try bench.last(.closedByUs).reason == "blacklisted")
    _ = bench.connector.dial(ConnectTarget(Endpoint("127.0.0.9:1")!), for: nil, request: 0)
    #expect(try bench.last(.connectFailed).reason == "blacklisted")
    // A reload reads the file again and applies it to open connections.
    let peer = try bench.dialling(from: .ipv4(0x7f00_0008, port: 0))
    try bench.shake(peer)
    try write("127.0.0.8/31\n", to: path)
    try bench.connector.reload()
    try bench.loop.run { peer.isClosed }
  }

  private func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "we") else { throw IOError("open \(path)") }
    fputs(text, file)
    fclose(file)
  }

  @Test func tellsANewLogServerWhatIsOpen() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    bench.connector.publisher(bench.connector.publisher, joinedAs: 1, isNewServer: true)
    try bench.loop.run {
      bench.reader.metas.contains {
        if case .openConnection(let open) = $0 { open.userAgent == Array("/peer:1/".utf8) } else { false }
      }
    }
  }

  /// One loop iteration could read far more than may wait for the log server.
  @Test func readsNoMoreThanTheLogServerTakes() throws {
    let bench = try Bench("log_buffer = 1048576;")
    let peers = try (0..<20).map { _ in
      let peer = try bench.dialling()
      try bench.shake(peer)
      return peer
    }
    let message = Bench.network.frame("inv", payload: [1] + [UInt8](repeating: 1, count: 36))
    let count = 5000
    let bytes = (0..<count).flatMap { _ in message }
    for peer in peers { peer.stream.write(bytes) }
    try bench.loop.run(timeout: 60) {
      bench.connector.statistics.messagesReceived >= UInt64(count * peers.count)
        && bench.connector.publisher.isSettled
    }
    #expect(bench.connector.statistics.recordsDropped == 0)
    #expect(bench.reader.losses.isEmpty)
    try bench.loop.run(timeout: 60) {
      bench.reader.headers.count { $0.bodyCount == 61 } >= count * peers.count
    }
    #expect(bench.connector.gate.isOpen)
  }

  @Test func shutsDownInOrder() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    bench.connector.shutDown()
    try bench.loop.run { peer.isClosed && bench.connector.publisher.isSettled }
    #expect(try bench.last(.closedByUs).reason == "connector shuts down")
    try bench.loop.run {
      bench.reader.metas.contains { if case .sourceLeft(_, true, _, _) = $0 { true } else { false } }
    }
    #expect(access(bench.folder.path + "control", F_OK) != 0)
  }
}

extension MessageHeader {
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }
}
