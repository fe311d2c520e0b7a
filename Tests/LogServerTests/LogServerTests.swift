import BitcoinWire
import Bytes
import Configuration
import EventLoop
import Glibc
import LogProtocol
import Logging
import Observations
import TestSupport
import Testing

@testable import LogServerCore

@Suite struct LogServerTests {
  @Test func forwardsRecordsUnchangedAndInOrder() throws {
    let bench = try Bench()
    let reader = bench.reader()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    for index in 0..<1000 {
      publisher.publish(
        .message,
        flags: index % 2 == 0 ? .sent : [],
        connection: UInt32(index),
        at: UInt64(index),
        body: [UInt8](repeating: UInt8(index % 256), count: index * 7)
      )
    }
    try bench.loop.run { reader.numbered.count == 1000 }
    for (index, header) in reader.numbered.enumerated() {
      #expect(header.sequence == UInt64(index + 1))
      #expect(header.source == publisher.source)
      #expect(header.time == UInt64(index))
      #expect(header.connection == UInt32(index))
      #expect(header.flags == (index % 2 == 0 ? .sent : []))
    }
    #expect(
      zip(reader.headers, reader.bodies).filter { $0.0.sequence > 0 }.last?.1
        == [UInt8](repeating: 231, count: 6993)
    )
    #expect(bench.server?.status.records == 1000)
  }

  @Test func sendsAReaderOnlyWhatItAskedFor() throws {
    let bench = try Bench()
    var wanted = Subscription(types: .message)
    wanted.commands = ["tx"]
    let reader = bench.reader(wanted)
    let publisher = bench.publisher()
    for command: Command in ["inv", "tx", "block", "tx"] {
      publisher.publish(.message, at: 1, body: Network.regtest.frame(command, payload: [1]))
      publisher.publish(.error, text: "x")
    }
    try bench.loop.run { reader.numbered.count == 2 }
    try bench.loop.run(for: 0.05)
    #expect(reader.numbered.map(\.sequence) == [3, 7])
  }

  @Test func tellsANewReaderWhatIsOpen() throws {
    let bench = try Bench()
    let publisher = bench.publisher()
    let remote = Endpoint("127.1.2.3:8333")!
    publisher.publish(
      .connection,
      connection: 5,
      at: 77,
      body: ConnectionEvent(.connected, .outbound, remote: remote, local: remote).body
    )
    try bench.loop.run { bench.server?.table.connectionCount == 1 }
    let reader = bench.reader(Subscription(types: .error))
    try bench.loop.run { reader.headers.count >= 2 }
    guard case .sourceJoined(let source, _) = reader.metas[0],
      case .openConnection(let open) = reader.metas[1]
    else {
      throw IOError("see the open connection", code: 0)
    }
    #expect(source == publisher.source)
    #expect(open.remote == remote)
    #expect(open.since == 77)
    #expect(reader.headers[1].connection == 5)
    #expect(reader.headers[1].source == publisher.source)
  }

  @Test func acknowledgesWhatEveryArchiveHas() throws {
    let bench = try Bench()
    let first = bench.reader(archiving: true)
    let second = bench.reader(archiving: true)
    second.acknowledges = false
    try bench.loop.run { bench.server?.status.archivingReaders == 2 }
    let publisher = bench.publisher()
    for _ in 0..<10 { publisher.publish(.debug, text: "x") }
    try bench.loop.run { first.numbered.count == 10 && second.numbered.count == 10 }
    try bench.loop.run(for: 0.1)
    #expect(publisher.acknowledgedSequence == 0)
    second.subscriber.acknowledge([publisher.source: 7])
    try bench.loop.run { publisher.acknowledgedSequence == 7 }
    #expect(!publisher.isSettled)
    second.subscriber.acknowledge([publisher.source: 10])
    try bench.loop.run { publisher.isSettled }
  }

  @Test func acknowledgesWhatWasForwardedWhereNothingArchives() throws {
    let bench = try Bench()
    let publisher = bench.publisher()
    publisher.publish(.debug, text: "x")
    try bench.loop.run { publisher.isSettled }
  }

  @Test func holdsAcknowledgementsForAnArchiveThatMayComeBack() throws {
    let bench = try Bench("archive_grace = 60.0;")
    let publisher = bench.publisher()
    publisher.publish(.debug, text: "before")
    try bench.loop.run { publisher.waitingCount == 0 && publisher.isJoined }
    try bench.loop.run(for: 0.1)
    #expect(publisher.acknowledgedSequence == 0)
    // The archive connects late and gets the records it missed.
    let archive = bench.reader(archiving: true)
    try bench.loop.run { archive.numbered.map(\.sequence) == [1] && publisher.isSettled }
    #expect(archive.headers.last?.flags == .resent)
  }

  @Test func holdsAcknowledgementsForAnArchiveThatIsStartedAgain() throws {
    let bench = try Bench()
    // Started with a grace of 0 s, so only the archive's departure can delay acknowledgements.
    let text = "logger: { root = \"\(bench.folder.path)\"; archive_grace = 60.0; };"
    bench.server?.reload(try Configuration(text: text, file: "test.cfg"))
    let publisher = bench.publisher()
    let former = bench.reader(archiving: true)
    publisher.publish(.debug, text: "1")
    try bench.loop.run { publisher.isSettled && former.numbered.count == 1 }
    former.subscriber.cancel()
    try bench.loop.run { bench.server?.status.archivingReaders == 0 }
    publisher.publish(.debug, text: "2")
    try bench.loop.run { bench.server?.status.records == 2 }
    try bench.loop.run(for: 0.1)
    #expect(publisher.acknowledgedSequence == 1)
    let archive = bench.reader(archiving: true)
    archive.ledger = former.ledger
    try bench.loop.run { archive.numbered.map(\.sequence) == [2] && publisher.isSettled }
  }

  @Test func losesNothingWhenItIsKilledAndStartedAgain() throws {
    let bench = try Bench("archive_grace = 60.0;")
    let archive = bench.reader(archiving: true)
    let live = bench.reader()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && archive.metas.count == 1 }
    let source = publisher.source
    var published = 0
    for round in 0..<5 {
      for _ in 0..<2000 {
        publisher.publish(.message, at: 1, body: [UInt8](repeating: 9, count: 300))
        published += 1
        if published % 100 == 0 { bench.loop.runOnce() }
      }
      bench.kill()
      for _ in 0..<100 {
        publisher.publish(.message, at: 1, body: [UInt8](repeating: 8, count: 10))
        published += 1
      }
      try bench.start()
      if round == 2 { try bench.loop.run { publisher.isJoined } }
    }
    try bench.loop.run { archive.numbered.count >= published && publisher.isSettled }
    let isWhole = archive.numbered.map(\.sequence) == (1...UInt64(published)).map { $0 }
    #expect(isWhole)
    #expect(publisher.source == source)
    #expect(publisher.droppedCount == 0)
    #expect(!live.losses.isEmpty)
  }

  @Test func resumesAnArchiveThatWasAway() throws {
    let bench = try Bench("archive_grace = 60.0;")
    let publisher = bench.publisher()
    let live = bench.reader()
    var archive = bench.reader(archiving: true)
    publisher.publish(.debug, text: "1")
    try bench.loop.run { publisher.isSettled && archive.numbered.count == 1 }
    // The archive's connection breaks without a goodbye; its ledger is kept.
    let known = archive.ledger
    archive = RecordCollector()
    for index in 2...50 { publisher.publish(.debug, text: "\(index)") }
    try bench.loop.run { live.numbered.count == 50 }
    archive.ledger = known
    var subscription = Subscription()
    subscription.isArchiving = true
    archive.subscriber = LogSubscriber(
      to: .unix(bench.folder.path + "subscribe"),
      subscription,
      on: bench.loop,
      handler: archive
    )
    try bench.loop.run { archive.numbered.count == 49 && publisher.isSettled }
    #expect(archive.numbered.map(\.sequence) == (2...50).map { $0 })
    // The live reader does not get the records again.
    #expect(live.numbered.count == 50)
    #expect(live.duplicates == 0)
  }

  @Test func tellsASlowReaderExactlyWhatItMissed() throws {
    let bench = try Bench("archive_grace = 0.0; max_buffer = 1000000;")
    let reader = bench.reader(Subscription(types: .message))
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    reader.subscriber.pause()
    for index in 0..<400 {
      publisher.publish(.message, at: 1, body: [UInt8](repeating: 1, count: 9968))
      publisher.publish(.debug, text: "not asked for")
      if index % 10 == 0 { bench.loop.runOnce() }
    }
    try bench.loop.run { publisher.isSettled }
    reader.subscriber.resume()
    try bench.loop.run { reader.metas.count >= 2 }
    publisher.publish(.message, at: 1, body: [7])
    try bench.loop.run { reader.numbered.last?.sequence == 801 }
    let gaps = reader.metas.compactMap { if case .gap(let gap) = $0 { gap } else { nil } }
    let received = reader.numbered.count
    #expect(gaps.count == 1)
    #expect(gaps[0].count == UInt64(401 - received))
    #expect(gaps[0].byteCount == gaps[0].count * 10_000)
    #expect(gaps[0].cause == .slowReader)
    #expect(gaps[0].sequences.upperBound == 799)
    #expect(gaps[0].sequences.lowerBound == reader.numbered[received - 2].sequence + 2)
    #expect(bench.server?.status.missedRecords == gaps[0].count)
  }

  @Test func disconnectsASlowReaderThatWantsThat() throws {
    let bench = try Bench("archive_grace = 0.0; max_buffer = 1000000;")
    var subscription = Subscription()
    subscription.slowPolicy = .disconnect
    let reader = bench.reader(subscription)
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    reader.subscriber.pause()
    for _ in 0..<300 { publisher.publish(.message, at: 1, body: [UInt8](repeating: 1, count: 10_000)) }
    try bench.loop.run { publisher.isSettled }
    reader.subscriber.resume()
    try bench.loop.run { !reader.losses.isEmpty }
  }

  @Test func saysWhenASourceLeaves() throws {
    let bench = try Bench()
    let reader = bench.reader()
    let publisher = bench.publisher()
    publisher.publish(.debug, text: "x")
    var isSettled: Bool?
    try bench.loop.run { publisher.isJoined && reader.numbered.count == 1 }
    publisher.finish(timeout: 5) { isSettled = $0 }
    let crashed = try bench.raw("publish")
    let hello = LinkMessage.hello(
      SourceIdentity(number: 5),
      SourceDescription(process: 1, kind: "x", name: "", version: "")
    )
    crashed.stream.write(hello.record(at: 1))
    try bench.loop.run { isSettled != nil && !crashed.received.isEmpty }
    crashed.stream.close(.closed("crash"))
    func left() -> [Bool] {
      reader.metas.compactMap {
        if case .sourceLeft(_, let saidGoodbye, _, _) = $0 { saidGoodbye } else { nil }
      }
    }
    try bench.loop.run { left().count == 2 }
    #expect(isSettled == true)
    #expect(Set(left()) == [true, false])
  }

  @Test func takesWhatASourceThatEndsStillHolds() throws {
    let bench = try Bench("archive_grace = 60.0;")
    let archive = bench.reader(archiving: true)
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && archive.metas.count == 1 }
    // The server is gone when the source finishes, and restarts while the source still waits.
    bench.kill()
    try bench.loop.run { !publisher.isJoined }
    publisher.publish(.debug, text: "last words")
    var isSettled: Bool?
    publisher.finish(timeout: 10) { isSettled = $0 }
    try bench.loop.run(for: 0.05)
    #expect(isSettled == nil)
    try bench.start()
    try bench.loop.run { isSettled != nil && archive.numbered.count == 1 }
    #expect(isSettled == true)
  }

  @Test func letsASourceEndWithoutAServer() throws {
    let bench = try Bench()
    bench.kill()
    let publisher = bench.publisher()
    publisher.publish(.debug, text: "unheard")
    var isSettled: Bool?
    publisher.finish(timeout: 0.2) { isSettled = $0 }
    try bench.loop.run { isSettled != nil }
    #expect(isSettled == false)
  }

  @Test func neverGrantsAnIdTwice() throws {
    let bench = try Bench()
    var ids: [UInt32] = []
    for _ in 0..<3 {
      for _ in 0..<3 {
        let publisher = bench.publisher()
        try bench.loop.run { publisher.isJoined }
        ids.append(publisher.source)
        publisher.finish(timeout: 0) { _ in }
        try bench.loop.run { !publisher.isJoined }
      }
      bench.kill()
      try bench.start()
    }
    #expect(Set(ids).count == 9)
    #expect(ids == ids.sorted())
    #expect(abs(Int64(ids[0]) - Int64(time(nil))) < 5)
  }

  @Test func grantsNoIdThatOnlyItsBearerKnows() throws {
    let bench = try Bench()
    let forger = try bench.raw("publish")
    let hello = LinkMessage.hello(
      SourceIdentity(number: 5),
      SourceDescription(process: 1, kind: "x", name: "", version: ""),
      formerSource: .max
    )
    forger.stream.write(hello.record(at: 1))
    try bench.loop.run { !forger.received.isEmpty }
    bench.kill()
    bench.folder.write(Array("99999999999999999999\n".utf8), to: "source-ids")
    try bench.start()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined }
    #expect(abs(Int64(publisher.source) - Int64(time(nil))) < 10)
  }

  @Test func cutsABodyShortThatNoRecordHolds() throws {
    let bench = try Bench()
    let reader = bench.reader()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    publisher.publish(
      .control,
      at: 1,
      body: [UInt8](repeating: 0x61, count: RecordHeader.maximumBodyCount + 1)
    )
    publisher.publish(.control, at: 1, body: [UInt8](repeating: 0x61, count: 3))
    try bench.loop.run { reader.numbered.count == 2 }
    #expect(reader.numbered.map(\.bodyCount) == [RecordHeader.maximumBodyCount, 3])
    #expect(reader.numbered.map { $0.flags.contains(.truncated) } == [true, false])
  }

  @Test func believesNoAcknowledgementOfWhatIsYetToCome() throws {
    let bench = try Bench()
    let archive = bench.reader(archiving: true)
    archive.acknowledges = false
    let publisher = bench.publisher()
    publisher.publish(.debug, text: "1")
    try bench.loop.run { archive.numbered.count == 1 }
    archive.subscriber.acknowledge([publisher.source: .max])
    try bench.loop.run { publisher.acknowledgedSequence == 1 }
    publisher.publish(.debug, text: "2")
    try bench.loop.run { publisher.acknowledgedSequence == 2 }
  }

  @Test func refusesWhatIsNotALogStream() throws {
    let bench = try Bench()
    let source: UInt32 = 77
    let alien = RecordHeader(type: .debug, source: source, time: 1, sequence: 1, bodyCount: 0).record(body: [
      1
    ])
    let hello = LinkMessage.hello(
      SourceIdentity(number: 5),
      SourceDescription(process: 1, kind: "x", name: "", version: "")
    ).record(at: 1)
    func forged(_ meta: MetaBody) -> [UInt8] {
      let id = bench.server!.table.sources.keys.first ?? 0
      return RecordHeader(type: .meta, source: id, time: 1, sequence: 1, bodyCount: 0).record(body: meta.body)
    }
    let inputs: [(String, [UInt8])] = [
      ("publish", Array("GET / HTTP/1.1\r\n\r\n".utf8)), ("publish", [0xff, 0xff, 0xff, 0xff]),
      ("publish", [0, 0, 0, 0]), ("publish", alien), ("publish", hello + alien), ("publish", hello + hello),
      ("subscribe", Array("GET / HTTP/1.1\r\n\r\n".utf8)), ("subscribe", alien), ("subscribe", hello),
      ("subscribe", [0, 0xff, 0, 0]), ("servers", [0xff, 0xff, 0xff, 0xff]), ("servers", [0, 0, 0, 1, 0x99]),
    ]
    for (socket, bytes) in inputs {
      let client = try bench.raw(socket)
      client.stream.write(bytes)
      try bench.loop.run { client.isClosed }
    }
    // A source may describe only itself.
    let lies: [MetaBody] = [
      .sourceLeft(source: 1, saidGoodbye: true, lastSequence: 9, reason: ""),
      .sourceJoined(source: 1, SourceDescription(instance: 1, process: 1, kind: "", name: "", version: "")),
      .gap(Gap(source: 1, sequences: 1...9, count: 9, byteCount: 0, cause: .slowReader)),
      .rotation(RotationMark(positions: [])),
    ]
    for lie in lies {
      let client = try bench.raw("publish")
      client.stream.write(hello)
      try bench.loop.run { !client.received.isEmpty }
      client.stream.write(forged(lie))
      try bench.loop.run { client.isClosed }
    }
    // The server keeps running.
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined }
  }
}
