import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogServerCore

/// Faulty sources: the server closes them, and disturbs no other connection.
@Suite struct PublisherFaultTests {
  static func hello(_ instance: UInt64) -> [UInt8] {
    LinkMessage.hello(
      SourceIdentity(number: instance),
      SourceDescription(process: 1, kind: "x", name: "", version: "")
    ).record(at: 1)
  }

  static func record(_ source: UInt32, _ sequence: UInt64, bodyCount: Int, type: RecordType = .message)
    -> [UInt8]
  {
    RecordHeader(type: type, source: source, time: 1, sequence: sequence, connection: 3, bodyCount: 0)
      .record(body: (0..<bodyCount).map { UInt8(truncatingIfNeeded: $0 &* 7) })
  }

  /// Sets a record's reserved byte to 1.
  static func reserved(_ record: [UInt8]) -> [UInt8] {
    var record = record
    record[27] = 1
    return record
  }

  /// Connects a source that says hello and waits for its id.
  func join(_ bench: Bench, instance: UInt64) throws -> (client: RawClient, id: UInt32) {
    let client = try bench.raw("publish")
    client.stream.write(Self.hello(instance))
    try bench.loop.run { client.received.count >= 69 }
    var id: UInt32 = 0
    try client.received.withUnsafeBytes { bytes in
      var cursor = RecordCursor(bytes)
      while let (_, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst(RecordHeader.size))
        if case .grant(let source, _, _)? = try LinkMessage(body.bytes) { id = source }
      }
    }
    return (client, id)
  }

  /// Sizes near those of chunks (64 KiB here) and of records that are kept by reference.
  @Test(arguments: [
    0, 1, 16 << 10, 65_503, 65_504, 65_505, 100 << 10, 300_000, 2_000_000,
  ])
  func forwardsRecordsOfAnySizeInWhateverPiecesTheyCome(bodyCount: Int) throws {
    let bench = try Bench()
    let reader = bench.reader()
    var narrow = Subscription(types: .debug)
    narrow.connections = [3]
    let other = bench.reader(narrow)
    try bench.loop.run { bench.server?.status.readers == 2 }
    let (client, id) = try join(bench, instance: 5)
    let bytes = Array(
      [
        Self.record(id, 1, bodyCount: 10), Self.record(id, 2, bodyCount: bodyCount),
        Self.record(id, 3, bodyCount: bodyCount, type: .debug), Self.record(id, 4, bodyCount: 7),
      ].joined()
    )
    var rest = bytes[...]
    var size = 1
    while !rest.isEmpty {
      client.stream.write(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
      size = size * 7 % 50_021 + 1
      bench.loop.runOnce()
    }
    try bench.loop.run { reader.numbered.count == 4 && other.numbered.count == 1 }
    var received: [UInt8] = []
    for (header, body) in zip(reader.headers, reader.bodies) where header.sequence > 0 {
      received += header.record(body: body)
    }
    #expect(received == bytes)
    #expect(other.bodies.last == reader.bodies.dropLast().last)
  }

  @Test func forwardsNothingOfARecordThatNeverBecomesWhole() throws {
    let bench = try Bench()
    let reader = bench.reader()
    try bench.loop.run { bench.server?.status.readers == 1 }
    let (client, id) = try join(bench, instance: 5)
    client.stream.write(
      Self.record(id, 1, bodyCount: 10) + Self.record(id, 2, bodyCount: 500_000).dropLast(9)
    )
    try bench.loop.run { reader.numbered.count == 1 && client.stream.unsentCount == 0 }
    client.stream.close(.closed("crash"))
    try bench.loop.run { reader.metas.count == 2 }
    guard case .sourceLeft(id, false, lastSequence: 1, _) = reader.metas[1] else {
      Issue.record("\(reader.metas[1])")
      return
    }
    // The same source returns, and is told to resume after the last whole record.
    let (again, _) = try join(bench, instance: 5)
    again.stream.write(Self.record(id, 2, bodyCount: 500_000))
    try bench.loop.run { reader.numbered.map(\.sequence) == [1, 2] }
  }

  @Test func costsReadersNothingWhereSourcesDoNotEndTheirRecords() throws {
    let bench = try Bench("archive_grace = 0.0; max_total_buffer = 1500000;")
    let reader = bench.reader()
    try bench.loop.run { bench.server?.status.readers == 1 }
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    reader.subscriber.pause()
    // More than the kernel buffers, so that some of it waits in the server.
    for _ in 0..<60 { publisher.publish(.message, at: 1, body: [UInt8](repeating: 1, count: 9968)) }
    try bench.loop.run { publisher.isSettled }
    var sources: [RawClient] = []
    for instance in 5..<9 as Range<UInt64> {
      let (client, id) = try join(bench, instance: instance)
      client.stream.write(Self.record(id, 1, bodyCount: 500_000).dropLast(9))
      // The client's queue uses the same pool.
      try bench.loop.run { client.stream.unsentCount == 0 }
      sources.append(client)
    }
    try bench.loop.run { bench.loop.pool.lentCount > 2_000_000 }
    publisher.publish(.debug, text: "x")
    try bench.loop.run { publisher.isSettled }
    reader.subscriber.resume()
    try bench.loop.run { reader.numbered.count == 61 }
    #expect(bench.server?.status.missedRecords == 0)
  }

  @Test func forwardsWhatIsRightBeforeWhatIsWrong() throws {
    let wrong: [(String, (UInt32) -> [UInt8])] = [
      ("record length", { _ in [0, 0, 0, 0] }), ("record length", { _ in [0, 0, 0, 27] }),
      ("record length", { _ in [1, 0, 0, 1] }), ("record length", { _ in Array("GET / HTTP".utf8) }),
      ("stream version", { _ in Array("NMLG".utf8) + [0, 2] + [UInt8](repeating: 0, count: 10) }),
      ("sequence", { Self.record($0, 2, bodyCount: 1) }), ("sequence", { Self.record($0, 0, bodyCount: 1) }),
      ("source", { Self.record($0 + 1, 3, bodyCount: 1) }),
      ("record type", { Self.record($0, 3, bodyCount: 1, type: [.debug, .error]) }),
      ("record type", { Self.record($0, 3, bodyCount: 1, type: []) }),
      ("reserved byte", { Self.reserved(Self.record($0, 3, bodyCount: 1)) }),
      // Large records are refused before they are whole.
      ("sequence", { Array(Self.record($0, 2, bodyCount: 100_000).dropLast()) }),
      ("source", { Array(Self.record($0 + 1, 3, bodyCount: 100_000).dropLast()) }),
      ("reserved byte", { Array(Self.reserved(Self.record($0, 3, bodyCount: 100_000)).dropLast()) }),
    ]
    let bench = try Bench()
    let reader = bench.reader()
    try bench.loop.run { bench.server?.status.readers == 1 }
    for (index, (field, bytes)) in wrong.enumerated() {
      let (client, id) = try join(bench, instance: UInt64(index + 1))
      client.stream.write(Self.record(id, 1, bodyCount: 5) + Self.record(id, 2, bodyCount: 5) + bytes(id))
      try bench.loop.run { client.isClosed && reader.numbered.count == 2 * (index + 1) }
      #expect(String(decoding: client.received, as: UTF8.self).contains(field), "\(index)")
    }
  }

  @Test func closesConnectionsThatNeverSayWhatTheyAre() throws {
    let bench = try Bench()
    bench.server?.greetingTime = 0.05
    let silent = try bench.raw("publish")
    let half = try bench.raw("publish")
    half.stream.write(Array(Self.hello(1).prefix(20)))
    let reader = try bench.raw("subscribe")
    try bench.loop.run { silent.isClosed && half.isClosed && reader.isClosed }
    for (client, words) in [(silent, "no hello in"), (half, "no hello in"), (reader, "no subscription in")] {
      #expect(String(decoding: client.received, as: UTF8.self).contains(words))
    }
  }

  @Test func leavesConnectionsAloneThatSaidWhatTheyAre() throws {
    let bench = try Bench()
    bench.server?.greetingTime = 0.05
    let reader = bench.reader()
    let publisher = bench.publisher()
    let prober = try bench.raw("subscribe")
    prober.stream.write(LinkMessage.statusRequest.record(at: 1))
    try bench.loop.run { publisher.isJoined && bench.server?.status.readers == 1 && !prober.received.isEmpty }
    // Only later connections get the short time-out, so the others had their full time.
    bench.server?.greetingTime = 0.1
    let silent = try bench.raw("publish")
    try bench.loop.run { silent.isClosed }
    publisher.publish(.debug, text: "still here")
    try bench.loop.run { reader.numbered.count == 1 }
    #expect(!prober.isClosed && reader.losses.isEmpty)
  }

  /// Incomplete records of all kinds, each within its own bound, together beyond the common one.
  @Test(arguments: [RecordType.message, .debug])
  func boundsWhatHalfRecordsTakeTogether(type: RecordType) throws {
    let bench = try Bench("archive_grace = 0.0; max_unfinished = 4000000;")
    let reader = bench.reader()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    var strangers: [RawClient] = []
    var most = 0
    for index in 0..<40 {
      let (client, id) = try join(bench, instance: UInt64(100 + index))
      strangers.append(client)
      client.stream.write(Self.record(id, 1, bodyCount: 1_000_000, type: type).dropLast(9))
      publisher.publish(.debug, at: 1, body: [UInt8](repeating: 1, count: 300_000))
      try bench.loop.run {
        most = max(most, bench.server?.sourceLinks.reduce(0) { $0 + $1.unfinishedCount } ?? 0)
        return client.isClosed || client.stream.unsentCount == 0
      }
    }
    // The bound, and the bytes received between two checks.
    #expect(most < 6_000_000)
    try bench.loop.run { strangers.count(where: \.isClosed) >= 35 }
    // The oldest go first, and senders of whole records stay.
    #expect(strangers[0].isClosed && !strangers[39].isClosed)
    let words = String(decoding: strangers[0].received, as: UTF8.self)
    #expect(words.contains("logger.max_unfinished"))
    try bench.loop.run { reader.numbered.count == 40 && publisher.isSettled }
    #expect(publisher.failedAttempts == 0)
  }

  @Test func refusesStatementsThatAreTooLongToBeAny() throws {
    let bench = try Bench()
    for type in [RecordType.meta, .connection] {
      let (client, id) = try join(bench, instance: 5)
      client.stream.write(Self.record(id, 1, bodyCount: 2_000_000, type: type))
      try bench.loop.run { client.isClosed }
    }
    let stranger = try bench.raw("publish")
    stranger.stream.write([0, 0x80, 0, 0] + [UInt8](repeating: 0, count: 100))
    try bench.loop.run { stranger.isClosed }
  }

  @Test func standsAFloodOfConnectionsAndHalfFrames() throws {
    let bench = try Bench()
    let reader = bench.reader()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    var generator = SystemRandomNumberGenerator()
    var strangers: [RawClient] = []
    var published = 0
    for round in 0..<1000 {
      let stranger = try bench.raw(["publish", "subscribe", "servers"][round % 3])
      switch round % 5 {
      case 0: stranger.stream.write((0..<200).map { _ in UInt8.random(in: 0 ... .max, using: &generator) })
      case 1: stranger.stream.write(Array(Self.hello(9).prefix(round % 40)))
      case 2: stranger.stream.write([0, 0xff, 0xff, 0xff])
      case 3: stranger.stream.close(.closed("at once"))
      default: break
      }
      strangers.append(stranger)
      if strangers.count > 100 { strangers.removeFirst().close("had enough") }
      publisher.publish(.debug, text: "\(round)")
      published += 1
      bench.loop.runOnce()
    }
    try bench.loop.run { reader.numbered.count == published && publisher.isSettled }
    #expect(reader.numbered.map(\.sequence) == (1...1000).map { $0 })
    #expect(publisher.source == reader.numbered[0].source)
    #expect(reader.losses.isEmpty)
    // A connection stuck in half a frame keeps little memory.
    #expect(bench.loop.pool.lentCount < 8 << 20)
  }
}
