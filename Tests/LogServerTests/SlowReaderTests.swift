import BitcoinWire
import Bytes
import EventLoop
import LogProtocol
import TestSupport
import Testing

@testable import LogServerCore

/// Slow readers delay no other connection, and use no more memory than configured.
@Suite struct SlowReaderTests {
  /// Checks that gap records name exactly the records that a reader did not get; returns the number missing.
  func missing(_ reader: RecordCollector, of published: Int) -> UInt64 {
    var accounted = Set(reader.numbered.map(\.sequence))
    #expect(accounted.count == reader.numbered.count)
    var missing: UInt64 = 0
    for case .gap(let gap) in reader.metas {
      #expect(gap.cause == .slowReader)
      #expect(gap.count == UInt64(gap.sequences.count))
      #expect(accounted.isDisjoint(with: gap.sequences))
      accounted.formUnion(gap.sequences)
      missing += gap.count
    }
    #expect(accounted == Set(1...UInt64(published)))
    return missing
  }

  func fill(_ publisher: LogPublisher, _ bench: Bench, records: Int, size: Int) {
    for index in 1...records {
      publisher.publish(.message, at: 1, body: [UInt8](repeating: UInt8(index % 256), count: size))
      if index % 20 == 0 { bench.loop.runOnce() }
    }
  }

  @Test func hasTheSlowestReaderGiveWayWhereAllTogetherGetTooMuch() throws {
    let bench = try Bench("archive_grace = 0.0; max_buffer = 100000000; max_total_buffer = 3000000;")
    let early = bench.reader()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && early.metas.count == 1 }
    early.subscriber.pause()
    fill(publisher, bench, records: 250, size: 9968)
    let late = bench.reader()
    let good = bench.reader()
    try bench.loop.run { late.metas.count == 1 && good.metas.count == 1 && publisher.isSettled }
    late.subscriber.pause()
    fill(publisher, bench, records: 90, size: 9968)
    try bench.loop.run { publisher.isSettled && good.numbered.count == 90 }
    // The early reader, with the longer queue, had to give way; the late one did not.
    #expect(bench.loop.pool.lentCount < 3_500_000)
    early.subscriber.resume()
    late.subscriber.resume()
    try bench.loop.run { late.numbered.count == 90 && early.metas.count >= 2 }
    #expect(late.metas.count == 1)
    #expect(missing(early, of: 340) > 150)
    publisher.publish(.debug, text: "on")
    try bench.loop.run { early.numbered.last?.sequence == 341 }
    #expect(bench.server?.status.missedRecords == missing(early, of: 341))
  }

  @Test func keepsAsMuchWhereTwoSourcesTakeTurns() throws {
    let bench = try Bench("archive_grace = 0.0; max_buffer = 8000000;")
    let reader = bench.reader()
    let publishers = [bench.publisher(), bench.publisher()]
    try bench.loop.run { publishers.allSatisfy(\.isJoined) && reader.metas.count == 2 }
    reader.subscriber.pause()
    // A fifth of the bound, in small pieces.
    for round in 0..<800 {
      for publisher in publishers {
        publisher.publish(.debug, at: 1, body: [UInt8](repeating: 1, count: 968))
      }
      try bench.loop.run { bench.server?.status.records == UInt64(2 * round + 2) }
    }
    #expect(bench.server?.status.missedRecords == 0)
    reader.subscriber.resume()
    try bench.loop.run { reader.numbered.count == 1600 }
  }

  @Test func keepsWhatItSaidItselfForAReaderThatGivesWay() throws {
    let bench = try Bench("archive_grace = 0.0; max_buffer = 100000000; max_total_buffer = 2000000;")
    let reader = bench.reader()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    reader.subscriber.pause()
    fill(publisher, bench, records: 100, size: 9968)
    let other = bench.publisher()
    try bench.loop.run { publisher.isSettled && other.isJoined }
    fill(publisher, bench, records: 300, size: 9968)
    try bench.loop.run { publisher.isSettled }
    #expect(bench.server?.status.missedRecords ?? 0 > 0)
    reader.subscriber.resume()
    func joined() -> [UInt32] {
      reader.metas.compactMap { if case .sourceJoined(let source, _) = $0 { source } else { nil } }
    }
    try bench.loop.run { joined() == [publisher.source, other.source] && reader.metas.count >= 3 }
    #expect(missing(reader, of: 400) > 0)
  }

  @Test func tellsAReaderThatWantsToLeaveWhy() throws {
    let bench = try Bench("archive_grace = 0.0; max_buffer = 1000000;")
    var subscription = Subscription()
    subscription.slowPolicy = .disconnect
    let reader = bench.reader(subscription)
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    reader.subscriber.pause()
    fill(publisher, bench, records: 300, size: 10_000)
    try bench.loop.run { publisher.isSettled }
    reader.subscriber.resume()
    try bench.loop.run { !reader.losses.isEmpty }
    #expect(reader.losses[0].contains("reader too slow"))
    // The records before that are complete.
    #expect(reader.numbered.map(\.sequence) == (1...UInt64(reader.numbered.count)).map { $0 })
  }

  @Test func countsTheMemoryThatIsKeptNotTheBytesThatWait() throws {
    let bench = try Bench("archive_grace = 0.0; max_buffer = 1000000;")
    var narrow = Subscription()
    narrow.commands = ["tx"]
    let reader = bench.reader(narrow)
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && reader.metas.count == 1 }
    reader.subscriber.pause()
    // One small wanted record between many unwanted ones.
    for index in 0..<4000 {
      publisher.publish(
        .message,
        at: 1,
        body: Network.regtest.frame(index % 40 == 0 ? "tx" : "inv", payload: [1])
      )
      publisher.publish(
        .message,
        at: 1,
        body: Network.regtest.frame("block", payload: [UInt8](repeating: 0, count: 9000))
      )
      if index % 10 == 0 { bench.loop.runOnce() }
    }
    try bench.loop.run { publisher.isSettled }
    // Of 36 MB, the 100 queued records keep only a chunk or two.
    #expect(bench.loop.pool.lentCount < 1_000_000)
    reader.subscriber.resume()
    try bench.loop.run { reader.numbered.count == 100 }
    #expect(reader.metas.count == 1)
  }
}
