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

extension Bench {
  /// A client of the control socket.
  func client() throws -> RawClient { try RawClient(.unix(folder.path + "control"), on: loop) }

  /// The texts of the CTRL records.
  var commands: [String] {
    zip(reader.headers, reader.bodies).filter { $0.0.type == .control }.map {
      String(decoding: $0.1, as: UTF8.self)
    }
  }

  /// The texts of the records of one type.
  func texts(_ type: RecordType) -> [String] {
    zip(reader.headers, reader.bodies).filter { $0.0.type == type }.map {
      String(decoding: $0.1, as: UTF8.self)
    }
  }

  /// Sends a native request and waits for its reply.
  func ask(_ client: RawClient, _ request: ControlRequest, id: UInt32) throws -> ControlReply {
    client.stream.write(request.frame(id: id))
    var reply: ControlReply?
    try loop.run {
      reply =
        client.answers.lazy.compactMap { if case .reply(id, let reply) = $0 { reply } else { nil } }.first
      return reply != nil
    }
    return reply!
  }
}

extension RawClient {
  /// The native answers received, in order.
  var answers: [ControlAnswer] {
    var answers: [ControlAnswer] = []
    received.withUnsafeBytes { bytes in
      var offset = 0
      while case .frame(let frame) = try? ControlFramer().first(in: .init(rebasing: bytes[offset...])) {
        let payload = UnsafeRawBufferPointer(
          rebasing: bytes[offset...][offset + ControlFrame.headerSize..<offset + frame.count]
        )
        if let answer = try? ControlAnswer(type: frame.type, payload: payload.bytes) {
          answers.append(answer)
        }
        offset += frame.count
      }
    }
    return answers
  }

  var events: [ControlEvent] {
    answers.compactMap { if case .event(_, let event) = $0 { event } else { nil } }
  }
}

@Suite struct ControlSessionTests {
  @Test func speaksCoinscopesVersionByteForByte() throws {
    let bench = try Bench()
    let peer = try bench.dialling(from: .ipv4(0x7f00_0005, port: 0))
    try bench.shake(peer)
    let client = try bench.client()
    // GET_CXN: u8 version 0, u32 length 9, u8 type 2; u8 command 1, u32 message 0, u32 target count 0.
    client.stream.write(Hexadecimal.bytes("00" + "00000009" + "02" + "01" + "00000000" + "00000000")!)
    try bench.loop.run { client.received.count == 40 }
    let info = bench.connector.connections[1]!.info
    let ports = [info.remote.port, info.local.port].map {
      Hexadecimal.text([UInt8($0 >> 8), UInt8($0 & 255)])
    }
    #expect(
      Hexadecimal.text(client.received)
        == "00000024" + "00000001" + "0200" + ports[0] + "7f000005" + "0000000000000000" + "0200" + ports[1]
        + "7f000001" + "0000000000000000"
    )

    // BITCOIN_PACKED_MESSAGE, then SEND_MSG of it to all connections.
    client.received = []
    let message = Bench.network.frame(.getaddr)
    client.stream.write(Hexadecimal.bytes("00" + "00000018" + "01")! + message)
    try bench.loop.run { client.received.count == 4 }
    let identifier = Hexadecimal.text(client.received)
    #expect(identifier != "00000000")
    client.stream.write(
      Hexadecimal.bytes("00" + "0000000d" + "02" + "03" + identifier + "00000001" + "ffffffff")!
    )
    try bench.loop.run { peer.commands.last == .getaddr }

    // A message with a wrong length gets id 0. REGISTER forgets the others.
    client.received = []
    client.stream.write(Hexadecimal.bytes("00" + "00000017" + "01")! + message.dropLast())
    client.stream.write(Hexadecimal.bytes("00" + "00000000" + "03")!)
    try bench.loop.run { client.received.count == 8 }
    #expect(client.received[..<4] == [0, 0, 0, 0])
    #expect(bench.connector.statistics.registeredMessages == 0)

    // DISCONNECT.
    client.stream.write(
      Hexadecimal.bytes("00" + "0000000d" + "02" + "02" + "00000000" + "00000001" + "00000001")!
    )
    try bench.loop.run { peer.isClosed }
    #expect(!client.isClosed)
  }

  @Test func sendsToThoseThatMeetAFilter() throws {
    let bench = try Bench()
    let client = try bench.client()
    let peers = try (5...9).map { try bench.dialling(from: .ipv4(0x7f00_0000 | $0, port: 0)) }
    for peer in peers { try bench.shake(peer) }
    let halfway = try bench.dialling(from: .ipv4(0x7f00_000a, port: 0))
    try bench.loop.run { bench.connector.connections.count == 6 }
    var filter = ConnectionFilter()
    filter.ranges = [AddressRange("127.0.0.8/29")!]
    let message = Bench.network.frame(.getaddr)
    let reply = try bench.ask(client, .send(SendRequest(.message(message), to: .filter(filter))), id: 1)
    #expect(reply == .sending(count: 2, missing: []))
    try bench.loop.run { peers[3].commands.last == .getaddr && peers[4].commands.last == .getaddr }
    #expect(client.events == [.sent(count: 2, lost: 0)])
    #expect(peers[..<3].allSatisfy { $0.commands.last != .getaddr } && halfway.commands.isEmpty)

    // The reply and the action use the same random sample.
    filter = ConnectionFilter()
    filter.sample = 3
    let draw = try bench.ask(client, .disconnect(.filter(filter)), id: 2)
    #expect(draw == .disconnecting(count: 3, missing: []))
    try bench.loop.run { (peers + [halfway]).count { $0.isClosed } == 3 }
    #expect(bench.connector.connections.count == 3)

    filter.sample = nil
    filter.userAgents = ["/peer:1/"]
    guard
      case .connections(let page, 0) = try bench.ask(
        client,
        .listConnections(after: 0, limit: 0, of: .filter(filter)),
        id: 3
      )
    else { throw IOError("list", code: 0) }
    #expect(
      page.map(\.id) == bench.connector.connections.all.filter { $0.state == .open }.map(\.id).sorted()
    )
    #expect(page.allSatisfy { $0.opened > $0.since && $0.lastReceived > $0.since && $0.lastSent > $0.since })
    filter.sample = 1
    let refused = try bench.ask(client, .listConnections(after: 0, limit: 0, of: .filter(filter)), id: 4)
    guard case .failure(let failure) = refused else { throw IOError("refuse", code: 0) }
    #expect(failure.status == .refused)
  }

  @Test func dialsForACoinscopeClient() throws {
    let bench = try Bench()
    let listener = try Listener(
      on: .ipv4(0x7f00_0001, port: 0),
      loop: bench.loop,
      accept: { descriptor, _ in bench.peers.append(RawClient(descriptor, on: bench.loop)) },
      fail: { Issue.record($0) }
    )
    let client = try bench.client()
    let port = listener.address.port
    let address =
      "0200" + Hexadecimal.text([UInt8(port >> 8), UInt8(port & 255)]) + "7f000001" + "0000000000000000"
    client.stream.write(Hexadecimal.bytes("00" + "00000020" + "04" + address + address)!)
    try bench.loop.run { bench.peers.count == 1 }
    try bench.loop.run { bench.events.contains { $0.code == .connected } }
  }

  @Test func repliesBeforeWhatARequestCauses() throws {
    let bench = try Bench()
    let client = try bench.client()
    let hello = try bench.ask(client, .hello(versions: 2...2, client: "test"), id: 1)
    guard case .hello(let server) = hello else { throw IOError("say hello", code: 0) }
    #expect(server.networkName == "regtest")
    let targets = ["127.0.0.1:1", "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333"].map {
      ConnectTarget(Endpoint($0)!)
    }
    let reply = try bench.ask(client, .connect(targets), id: 2)
    #expect(reply == .connecting([1, 2]))
    try bench.loop.run { client.events.count == 2 }
    guard case .reply(2, _) = client.answers[1] else { throw IOError("reply first", code: 0) }
    #expect(Set(client.events.map(\.connection)) == [1, 2])
    for event in client.events {
      guard case .connectFailed(_, let outcome) = event else { throw IOError("fail", code: 0) }
      #expect(outcome.code == .noRoute || outcome.code == .refused, "\(outcome)")
    }
  }

  @Test func sendsListsAndDisconnects() throws {
    let bench = try Bench()
    let peer = try bench.dialling()
    try bench.shake(peer)
    let client = try bench.client()
    let message = Bench.network.frame(.getaddr)
    #expect(
      try bench.ask(client, .send(SendRequest(.message(message), to: .all)), id: 1)
        == .sending(count: 1, missing: [])
    )
    try bench.loop.run { peer.commands.last == .getaddr && client.events == [.sent(count: 1, lost: 0)] }
    guard case .messageRegistered(let identifier) = try bench.ask(client, .registerMessage(message), id: 2)
    else {
      throw IOError("register", code: 0)
    }
    let request = SendRequest(.registered(identifier), to: .connections([1, 9]))
    #expect(try bench.ask(client, .send(request), id: 3) == .sending(count: 1, missing: [9]))
    guard
      case .connections(let page, let next) = try bench.ask(
        client,
        .listConnections(after: 0, limit: 0),
        id: 4
      )
    else { throw IOError("list", code: 0) }
    #expect(page.map(\.id) == [1])
    #expect(next == 0)
    #expect(page[0].introduction.userAgent == Array("/peer:1/".utf8))
    #expect(
      try bench.ask(client, .disconnect(.connections([1])), id: 5) == .disconnecting(count: 1, missing: [])
    )
    try bench.loop.run { peer.isClosed }
  }

  /// Sends in one write are combined if they go to the same connections, and stay in order.
  @Test func sendsWhatComesAtOnceInOrder() throws {
    let bench = try Bench()
    let peers = try (0..<2).map { _ in
      let peer = try bench.dialling()
      try bench.shake(peer)
      return peer
    }
    let before = bench.messages.count
    func ping(_ nonce: UInt64) -> [UInt8] { Bench.network.frame(.ping(PingMessage(nonce: nonce))) }
    // The tenth and the eleventh send cannot be combined with those before. The thirteenth has no targets.
    let oversized = Bench.network.frame("big", payload: [UInt8](repeating: 0, count: 64 << 10))
    let sends =
      (0..<9).map { SendRequest(.message(ping($0)), to: .all) } + [
        SendRequest(.message(ping(9)), to: .connections([2])),
        SendRequest(.message(oversized), to: .all),
        SendRequest(.message(ping(11)), to: .all),
        SendRequest(.message(ping(12)), to: .connections([7])),
      ]
    let client = try bench.client()
    var requests = sends.map { ControlRequest.send($0) }
    requests.insert(.listMessages, at: 4)
    client.stream.write(requests.enumerated().flatMap { $1.frame(id: UInt32($0) + 1) })
    try bench.loop.run { client.answers.count == 14 + 12 && bench.messages.count == before + 23 }
    let replies = client.answers.compactMap { if case .reply(let id, _) = $0 { id } else { nil } }
    #expect(replies == Array(1...14))
    let outcomes = client.answers.compactMap { answer -> [UInt32]? in
      guard case .event(let id, .sent(let count, let lost)) = answer else { return nil }
      return [id, count, lost]
    }
    #expect(outcomes == [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13].map { [$0, $0 == 11 ? 1 : 2, 0] })
    let bytes = (0..<9).map { ping($0) } + [ping(9), oversized, ping(11)]
    for (index, peer) in peers.enumerated() {
      let expected = bytes.enumerated().filter { index == 1 || $0.offset != 9 }.map(\.element)
      let published = bench.messages.dropFirst(before).filter { $0.header.connection == UInt32(index) + 1 }
      #expect(published.map(\.bytes) == expected)
      try bench.loop.run { peer.received.count >= expected.joined().count }
      #expect(peer.received.suffix(expected.joined().count) == ArraySlice(expected.joined()))
    }
  }

  @Test func sendsOnlyToPeersWhoseHandshakeIsDone() throws {
    let bench = try Bench()
    let open = try bench.dialling()
    try bench.shake(open)
    let mute = try bench.dialling()
    try bench.loop.run { bench.connector.connections.count == 2 }
    let client = try bench.client()
    let message = Bench.network.frame(.getaddr)
    let all = SendRequest(.message(message), to: .all)
    #expect(try bench.ask(client, .send(all), id: 1) == .sending(count: 1, missing: []))
    let named = SendRequest(.message(message), to: .connections([1, 2]))
    #expect(try bench.ask(client, .send(named), id: 2) == .sending(count: 1, missing: [2]))
    let other = SendRequest(.message(message), to: .connections([2]))
    guard case .failure(let failure) = try bench.ask(client, .send(other), id: 3) else {
      throw IOError("refuse", code: 0)
    }
    #expect(failure.status == .noSuchConnection)
    #expect(mute.received.isEmpty)
    // Disconnecting all includes connections in the handshake.
    #expect(try bench.ask(client, .disconnect(.all), id: 4) == .disconnecting(count: 2, missing: []))
    try bench.loop.run { open.isClosed && mute.isClosed }
  }

  @Test func listsInPages() throws {
    let bench = try Bench()
    for _ in 0..<5 { _ = try bench.dialling() }
    try bench.loop.run { bench.connector.connections.count == 5 }
    let client = try bench.client()
    var seen: [UInt32] = []
    var after: UInt32 = 0
    var request: UInt32 = 1
    repeat {
      guard
        case .connections(let page, let next) = try bench.ask(
          client,
          .listConnections(after: after, limit: 2),
          id: request
        )
      else { throw IOError("list", code: 0) }
      seen += page.map(\.id)
      after = next
      request += 1
    } while after != 0
    #expect(seen == [1, 2, 3, 4, 5])
  }

  @Test func refusesInSentences() throws {
    let bench = try Bench("msg_pool_size = 1;")
    let client = try bench.client()
    let message = Bench.network.frame(.getaddr)
    var corrupt = message
    corrupt[20] ^= 1
    func status(_ request: ControlRequest, _ id: UInt32) throws -> ControlFailure.Status? {
      guard case .failure(let failure) = try bench.ask(client, request, id: id) else { return nil }
      #expect(failure.sentence.count > 10)
      return failure.status
    }
    #expect(try status(.hello(versions: 7...9, client: "future"), 1) == .unsupportedVersion)
    #expect(try status(.send(SendRequest(.message(message), to: .connections([7]))), 2) == .noSuchConnection)
    #expect(try status(.send(SendRequest(.message(corrupt), to: .all)), 3) == .badMessage)
    #expect(
      try status(.send(SendRequest(.message(Network.mainnet.frame(.getaddr)), to: .all)), 4) == .badMessage
    )
    #expect(try status(.send(SendRequest(.registered(5), to: .all)), 5) == .noSuchMessage)
    #expect(try status(.forgetMessage(5), 6) == .noSuchMessage)
    #expect(try status(.registerMessage(message), 7) == nil)
    #expect(try status(.registerMessage(message), 8) == .limit)
    client.stream.write(
      ControlRequest.statistics.frame(id: 9).dropFirst(6).reduce(into: [2, 0, 0, 0, 4, 0x3f]) {
        $0.append($1)
      }
    )
    try bench.loop.run {
      client.answers.contains {
        if case .reply(9, .failure(let failure)) = $0 { failure.status == .unknownRequest } else { false }
      }
    }
    #expect(!client.isClosed)
  }

  @Test(arguments: [
    [9, 0, 0, 0, 0, 1], [2, 0xff, 0xff, 0xff, 0xff, 0x10], Array("GET / HTTP/1.1\r\n\r\n".utf8),
    [1, 0, 0, 0, 0, 3],
  ])
  func closesWhereFramingIsLost(_ bytes: [UInt8]) throws {
    let bench = try Bench()
    let client = try bench.client()
    client.stream.write(bytes)
    try bench.loop.run { client.isClosed }
    guard case .reply(0, .failure(let failure)) = client.answers.first else {
      throw IOError("explain", code: 0)
    }
    #expect(failure.status == (bytes[0] == 2 ? .badRequest : .unsupportedVersion))
  }

  @Test func publishesEveryCommandWithItsGiver() throws {
    let bench = try Bench()
    let client = try bench.client()
    _ = try bench.ask(client, .hello(versions: 2...2, client: "te\u{1b}st"), id: 1)
    _ = try bench.ask(client, .connect([ConnectTarget(Endpoint("127.0.0.1:1")!)]), id: 2)
    try bench.loop.run { bench.commands.count == 3 }
    #expect(bench.commands[1].contains("uid \(getuid()) pid \(getpid()) request 2: connect 127.0.0.1:1"))
    // The second record has the id of each endpoint.
    #expect(bench.commands[2].hasSuffix("uid \(getuid()) pid \(getpid()) request 2: connections 1"))
    #expect(!bench.commands.joined().contains("\u{1b}"))
  }
}
