import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing

/// The connector as a process, with local clients that send as many requests as they may.
@Suite(.serialized) struct ControlFloodProgramTests {
  /// A client that counts the answers.
  private final class Counter: ByteStreamHandler {
    var stream: ByteStream!
    var replies = 0
    var failed = 0
    private let framer = ControlFramer()

    init(_ address: SocketAddress, on loop: EventLoop) throws {
      stream = ByteStream(try Socket.startConnect(to: address), on: loop, handler: self)
    }

    func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
      let bytes = slice.bytes
      var offset = 0
      while case .frame(let frame) = try? framer.first(in: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
      {
        let payload = UnsafeRawBufferPointer(
          rebasing: bytes[offset + ControlFrame.headerSize..<offset + frame.count]
        )
        switch try? ControlAnswer(type: frame.type, payload: payload.bytes) {
        case .reply: replies += 1
        case .event(_, .connectFailed): failed += 1
        default: break
        }
        offset += frame.count
      }
      return offset
    }

    func stream(_ stream: ByteStream, closedFor reason: CloseReason) {}
  }

  /// A peer that pings, and pings again after each pong.
  private final class Pinger: ByteStreamHandler {
    var stream: ByteStream!
    var pongs = 0
    var longest: UInt64 = 0
    private var sent: UInt64 = 0

    init(_ address: SocketAddress, on loop: EventLoop) throws {
      stream = ByteStream(try Socket.startConnect(to: address), on: loop, handler: self)
      let version = VersionMessage(
        version: 70016,
        services: [],
        time: 0,
        nonce: 1,
        userAgent: Array("/honest:1/".utf8),
        startHeight: 0,
        relay: true
      )
      stream.write(Network.simnet.frame(.version(version)) + Network.simnet.frame(.verack))
      ping()
    }

    private func ping() {
      sent = Clock.monotonic()
      stream.write(Network.simnet.frame(.ping(PingMessage(nonce: 7))))
    }

    func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
      let bytes = slice.bytes
      var offset = 0
      while case .message(let header, let total, _) = Network.simnet.framer.next(
        in: UnsafeRawBufferPointer(rebasing: bytes[offset...])
      ) {
        if header.command == .pong {
          pongs += 1
          longest = max(longest, Clock.monotonic() - sent)
          ping()
        }
        offset += total
      }
      return offset
    }

    func stream(_ stream: ByteStream, closedFor reason: CloseReason) {}
  }

  /// Counts the failed connects in the stream: single events, and sums.
  private final class Account: LogSubscriberHandler {
    var subscriber: LogSubscriber!
    var single = 0
    var summed = 0
    var gaps = 0

    func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
      var cursor = RecordCursor(records.bytes)
      while let (header, range) = try! cursor.next() {
        let body = [UInt8](cursor.bytes[range].dropFirst(RecordHeader.size))
        switch header.type {
        case .connection:
          if let event = try? ConnectionEvent(body.span.bytes), event.code == .connectFailed { single += 1 }
        case .connector:
          let text = String(decoding: body, as: UTF8.self)
          if text.contains("connects not tried") { summed += Int(text.split(separator: " ")[0])! }
        case .meta: if case .gap = try? MetaBody(body.span.bytes) { gaps += 1 }
        default: break
        }
      }
    }

    func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {}
  }

  /// Clients cause tens of thousands of failing connects at once, most of them because the queue is full.
  /// Each client hears of each of its own. The stream accounts for each, no record is dropped, and a peer
  /// gets answers all the while.
  @Test(.timeLimit(.minutes(3))) func accountsForAllConnectsThatFailAndAnswersPeersMeanwhile() throws {
    let deployment = Deployment()
    try deployment.startLogServer(["logger.archive_grace=0.0"])
    let connector = try deployment.startConnector([
      "connector.bitcoin.listeners=((\"AF_INET\", \"127.0.0.1\", 0, 9))", "connector.log_buffer=\(4 << 20)",
      "connector.dial.queue=10000",
    ])
    try connector.wait(forError: "joined the log server")
    let line = connector.errors.split(separator: "\n").first { $0.contains("listening for peers") }!
    let loop = EventLoop()
    let account = Account()
    account.subscriber = LogSubscriber(
      to: .unix(deployment.root + "subscribe"),
      Subscription(),
      on: loop,
      handler: account
    )
    let peer = try Pinger(SocketAddress(String(line.split(separator: "=").last!))!, on: loop)
    try loop.run { account.subscriber.isConnected && peer.pongs > 10 }
    let clients = try (0..<8).map { _ in try Counter(.unix(deployment.root + "control"), on: loop) }
    let requests = 4
    let size = 2500
    for (number, client) in clients.enumerated() {
      for request in 0..<requests {
        let targets = (0..<size).map { index in
          // Nothing listens there: all of 127.0.0.0/8 is this machine.
          let address = 0x7f10_0000 | UInt32(number) << 16 | UInt32(request * size + index)
          return ConnectTarget(Endpoint(.ipv4(address), port: 1))
        }
        client.stream.write(ControlRequest.connect(targets).frame(id: UInt32(request)))
      }
    }
    let total = clients.count * requests * size
    peer.longest = 0
    let before = peer.pongs
    // The number of pongs until half of the failures were reported, and until all were.
    var answered = [0, 0]
    try loop.run(timeout: 120) {
      let failed = clients.reduce(0) { $0 + $1.failed }
      if failed < total / 2 { answered[0] = peer.pongs - before }
      answered[1] = peer.pongs - before
      return failed == total
    }
    #expect(clients.allSatisfy { $0.replies == requests && $0.failed == requests * size })
    try loop.run(timeout: 30) { account.single + account.summed >= total }
    print(
      "\(total) connects failed, \(account.single) with an event, \(account.summed) in sums; "
        + "\(answered) pings answered, the slowest in \(peer.longest / 1000) us"
    )
    #expect(account.single + account.summed == total && account.summed > 0)
    #expect(account.gaps == 0)
    #expect(answered[0] > 0 && answered[1] > answered[0], "\(answered)")
    let status = try deployment.netmine(["status"])
    #expect(status.output.contains(" 0 dropped"), "\(status.output)")
    connector.signal(SIGTERM)
    #expect(try connector.wait() == 0)
  }
}
