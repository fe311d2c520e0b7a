import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import TestSupport
import Testing

@testable import ConnectorCore

/// The limits of one client, and of all clients together.
@Suite struct ControlLimitTests {
  static func failure(_ reply: ControlReply) -> ControlFailure? {
    if case .failure(let failure) = reply { failure } else { nil }
  }

  @Test func boundsRegisteredMessagesInEveryWay() throws {
    let bench = try Bench("client: { max_messages = 2; }; msg_pool_size = 3; msg_pool_bytes = 1024;")
    let first = try bench.client()
    let second = try bench.client()
    func register(_ client: RawClient, _ count: Int, _ id: UInt32) throws -> String? {
      let message = Bench.network.frame("x", payload: [UInt8](repeating: 1, count: count))
      return try Self.failure(bench.ask(client, .registerMessage(message), id: id))?.sentence
    }
    #expect(try register(first, 0, 1) == nil && register(first, 400, 2) == nil)
    #expect(try register(first, 0, 3)?.contains("client.max_messages") == true)
    #expect(try register(second, 600, 4)?.contains("msg_pool_bytes") == true)
    #expect(try register(second, 0, 5) == nil)
    #expect(try register(second, 0, 6)?.contains("msg_pool_size") == true)
    // A client that disconnects makes room for others.
    first.stream.close(.closed("done"))
    try bench.loop.run { bench.connector.statistics.registeredMessages == 1 }
    #expect(try register(second, 600, 7) == nil)
    // Forgetting a message makes room, too. Registering it again counts again.
    #expect(try register(second, 500, 8)?.contains("client.max_messages") == true)
    guard case .messages(let messages) = try bench.ask(second, .listMessages, id: 9) else {
      throw IOError("list", code: 0)
    }
    for (number, message) in messages.enumerated() {
      _ = try bench.ask(second, .forgetMessage(message.id), id: 10 + UInt32(number))
    }
    #expect(bench.connector.statistics.registeredMessages == 0)
    let coinscope = try bench.client()
    let message = Bench.network.frame("x", payload: [1])
    coinscope.stream.write(CoinscopeRequest.registerMessage(message).frame)
    try bench.loop.run { bench.connector.statistics.registeredMessages == 1 }
    coinscope.stream.write(CoinscopeRequest.register.frame)
    try bench.loop.run { bench.connector.statistics.registeredMessages == 0 }
    #expect(try register(second, 1024 - MessageHeader.size, 20) == nil)
    #expect(try register(second, 0, 21)?.contains("msg_pool_bytes") == true)
  }

  @Test func tellsClientsBeyondTheLimit() throws {
    let bench = try Bench("client: { limit = 2; };")
    let clients = try (0..<3).map { _ in try bench.client() }
    try bench.loop.run { clients.contains { $0.isClosed } }
    let closed = try #require(clients.first { $0.isClosed })
    guard case .reply(0, .failure(let failure)) = closed.answers.first else { throw IOError("tell", code: 0) }
    #expect(failure.status == .limit && failure.sentence.contains("connector.client.limit"))
    let other = try #require(clients.first { $0 !== closed })
    guard case .statistics(let statistics) = try bench.ask(other, .statistics, id: 1) else {
      throw IOError("ask", code: 0)
    }
    #expect(statistics.clients == 2)
  }

  @Test func closesClientsThatSayNothing() throws {
    let bench = try Bench("client: { hello_timeout = 0.1; };")
    let silent = try bench.client()
    let half = try bench.client()
    half.stream.write([2, 0, 0])
    let busy = try bench.client()
    _ = try bench.ask(busy, .statistics, id: 1)
    try bench.loop.run { silent.isClosed && half.isClosed }
    #expect(!busy.isClosed)
    guard case .reply(0, .failure(let failure)) = silent.answers.first else { throw IOError("tell", code: 0) }
    #expect(failure.sentence.contains("no request came within 0.1 s"))
  }

  @Test func refusesRequestsThatAreTooLong() throws {
    let bench = try Bench("client: { max_frame = 1024; };")
    let client = try bench.client()
    client.stream.write([2, 0, 0, 4, 1, 0x11])
    try bench.loop.run { client.isClosed }
    guard case .reply(0, .failure(let failure)) = client.answers.first else { throw IOError("tell", code: 0) }
    #expect(failure.sentence.contains("1025"), "\(failure.sentence)")
  }

  /// Many clients send a large part of a request each. Those that began first get a failure and are closed,
  /// and others are served.
  @Test func boundsUnfinishedRequestsOfAllClientsTogether() throws {
    let bound = 4 << 20
    let bench = try Bench("client: { memory = \(bound); };")
    let part = Array(
      ControlRequest.registerMessage([UInt8](repeating: 1, count: 1 << 20)).frame(id: 1).dropLast(1000)
    )
    var clients: [RawClient] = []
    for _ in 0..<12 {
      clients.append(try bench.client())
      clients.last!.stream.write(part)
      try bench.loop.run { clients.last!.stream.unsentCount == 0 }
      let other = try bench.client()
      _ = try bench.ask(other, .statistics, id: 1)
      other.close("done")
      #expect(bench.connector.control.heldCount <= bound)
    }
    try bench.loop.run { clients.count { $0.isClosed } >= 8 }
    try bench.loop.run { bench.connector.control.sessionCount == clients.count { !$0.isClosed } }
    // The last clients stay and may continue.
    #expect(clients.prefix(8).allSatisfy { $0.isClosed } && !clients.last!.isClosed)
    guard case .reply(0, .failure(let failure)) = clients[0].answers.first else {
      throw IOError("tell", code: 0)
    }
    #expect(failure.status == .limit && failure.sentence.contains("(connector.client.memory)"))
    try bench.loop.run { bench.commands.contains { $0.contains("(connector.client.memory)") } }
    for client in clients { client.close("done") }
    try bench.loop.run { bench.connector.control.sessionCount == 0 }
    #expect(bench.connector.control.heldCount == 0)
  }

  /// A length alone reserves no memory: many clients may announce the longest.
  @Test func holdsNothingForALengthOfARequest() throws {
    let bench = try Bench("client: { memory = 1048576; };")
    let clients = try (0..<20).map { _ in try bench.client() }
    let header = Array(
      ControlRequest.registerMessage([UInt8](repeating: 1, count: 7 << 20)).frame(id: 1).prefix(20)
    )
    for client in clients { client.stream.write(header) }
    try bench.loop.run { bench.connector.control.heldCount == 20 * header.count }
    #expect(!clients.contains { $0.isClosed })
  }

  @Test func boundsRepliesThatWaitForAllClientsTogether() throws {
    let bound = 2 << 20
    let bench = try Bench("client: { memory = \(bound); };")
    let clients = try (0..<4).map { _ in try bench.client() }
    for client in clients { client.stream.pause() }
    for id in 1...10_000 as ClosedRange<UInt32> {
      for client in clients { client.stream.write(ControlRequest.statistics.frame(id: id)) }
    }
    try bench.loop.run(timeout: 60) {
      #expect(bench.connector.control.heldCount <= bound)
      return bench.commands.contains { $0.contains("(connector.client.memory)") }
    }
    let other = try bench.client()
    _ = try bench.ask(other, .statistics, id: 1)
  }

  /// A client sends requests and reads nothing. Its requests wait, the connector's memory does not grow, and
  /// when the client reads again it gets every reply, in order.
  @Test func letsRequestsWaitForAClientThatDoesNotRead() throws {
    let bench = try Bench("client: { max_waiting = 65536; };")
    let client = try bench.client()
    let other = try bench.client()
    client.stream.pause()
    let count: UInt32 = 5000
    for id in 1...count { client.stream.write(ControlRequest.statistics.frame(id: id)) }
    // Other clients are served meanwhile.
    for id in 1...50 as ClosedRange<UInt32> { _ = try bench.ask(other, .statistics, id: id) }
    #expect(bench.connector.loop.pool.lentCount < 8 << 20)
    client.stream.resume()
    let size = other.received.count / 50
    try bench.loop.run(timeout: 30) { client.received.count == Int(count) * size }
    let ids = client.answers.map { answer in
      if case .reply(let id, .statistics) = answer { id } else { UInt32(0) }
    }
    #expect(ids == Array(1...count))
  }

  /// A client's sends make far more records than fit into the log buffer. None is lost, and requests stay in
  /// order.
  @Test func sendsNoFasterThanTheLogServerTakesRecords() throws {
    let bench = try Bench("log_buffer = 1048576;")
    let client = try bench.client()
    let peers = try (0..<20).map { _ in
      let peer = try bench.dialling()
      try bench.shake(peer)
      return peer
    }
    let big = Bench.network.frame("big", payload: [UInt8](repeating: 7, count: 300_000))
    client.stream.write(ControlRequest.send(SendRequest(.message(big), to: .all)).frame(id: 1))
    client.stream.write(
      ControlRequest.send(SendRequest(.message(Bench.network.frame("small")), to: .all)).frame(id: 2)
    )
    client.stream.write(ControlRequest.statistics.frame(id: 3))
    try bench.loop.run(timeout: 30) { client.answers.count == 5 }
    #expect(client.events == [.sent(count: 20, lost: 0), .sent(count: 20, lost: 0)])
    guard case .reply(3, .statistics(let statistics)) = client.answers[4] else {
      throw IOError("order", code: 0)
    }
    #expect(statistics.recordsDropped == 0)
    try bench.loop.run(timeout: 30) { peers.allSatisfy { $0.commands.suffix(2) == ["big", "small"] } }
    try bench.loop.run(timeout: 30) {
      bench.reader.headers.count { $0.type == .message && $0.recordCount > 300_000 } == 20
    }
    #expect(bench.reader.losses.isEmpty)
  }

  @Test func disconnectsAClientThatNeverReadsItsEvents() throws {
    let bench = try Bench("client: { max_waiting = 1024; };")
    let client = try bench.client()
    client.stream.pause()
    // Each connect fails at once and gets an event.
    let targets = Array(repeating: ConnectTarget(Endpoint("127.0.0.1:1")!), count: 10_000)
    client.stream.write(ControlRequest.connect(targets).frame(id: 1))
    try bench.loop.run(timeout: 30) { bench.connector.statistics.clients == 0 }
    try bench.loop.run { bench.commands.contains { $0.contains("it does not read") } }
  }

  @Test func servesTwoHundredClientsAtOnce() throws {
    let bench = try Bench()
    // More clients than the backlog: further connects try again.
    var connected: [RawClient] = []
    let attempts = (0..<200).map { _ in
      ConnectAttempt(to: .unix(bench.folder.path + "control"), timeout: 10, loop: bench.loop) { result in
        if case .success(let descriptor) = result { connected.append(RawClient(descriptor, on: bench.loop)) }
      }
    }
    try bench.loop.run(timeout: 30) { connected.count == attempts.count }
    let clients = connected
    for round in 1...5 as ClosedRange<UInt32> {
      for client in clients { client.stream.write(ControlRequest.statistics.frame(id: round)) }
    }
    try bench.loop.run(timeout: 30) { clients.allSatisfy { $0.answers.count == 5 } }
    for client in clients {
      let ids = client.answers.map { answer -> UInt32 in
        if case .reply(let id, .statistics) = answer { id } else { 0 }
      }
      #expect(ids == [1, 2, 3, 4, 5])
    }
  }

  /// Ten requests of both versions in one write, then the same byte by byte.
  @Test(arguments: [1000, 1])
  func readsRequestsHoweverTheyCome(_ size: Int) throws {
    let bench = try Bench()
    let client = try bench.client()
    var bytes: [UInt8] = []
    var expected: [UInt32] = []
    for id in 1...5 as ClosedRange<UInt32> {
      bytes += ControlRequest.listConnections(after: 0, limit: id).frame(id: id)
      bytes += CoinscopeRequest.getConnections.frame
      expected.append(id)
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      client.stream.write(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
      bench.loop.runOnce()
    }
    // Each reply of version 2, an empty page, has 18 bytes. Each reply of version 0, an empty list, has 4.
    try bench.loop.run { client.received.count == 5 * (18 + 4) }
    for index in 0..<5 {
      let start = index * 22
      #expect(Array(client.received[start + 6..<start + 10]) == [0, 0, 0, UInt8(expected[index])])
      #expect(Array(client.received[start + 18..<start + 22]) == [0, 0, 0, 0])
    }
  }

  /// The pages of a list hold each lasting connection exactly once, while others come and go.
  @Test func listsWhatStaysWhileOthersComeAndGo() throws {
    let bench = try Bench(bitcoin: "max_inbound_per_address = 100; inbound_rate = 0.0;")
    let client = try bench.client()
    var passing: [RawClient] = []
    let staying = try (1...20).map { count in
      let peer = try bench.dialling()
      passing.append(try bench.dialling())
      try bench.loop.run { bench.connector.connections.count == 2 * count }
      return peer
    }
    let locals = Set(staying.map { Socket.localAddress(of: $0.stream.descriptor).port })
    let ids = Set(bench.connector.connections.all.filter { locals.contains($0.remote.port) }.map(\.id))
    var seen: [UInt32] = []
    var after: UInt32 = 0
    var request: UInt32 = 1
    repeat {
      guard
        case .connections(let page, let next) = try bench.ask(
          client,
          .listConnections(after: after, limit: 3),
          id: request
        )
      else { throw IOError("list", code: 0) }
      seen += page.map(\.id)
      after = next
      request += 1
      passing.popLast()?.close("gone")
      if request < 10 { passing.insert(try bench.dialling(), at: 0) }
      try bench.loop.run(for: 0.005)
    } while after != 0
    #expect(Set(seen).count == seen.count && seen == seen.sorted())
    #expect(ids.isSubset(of: seen))
  }
}
