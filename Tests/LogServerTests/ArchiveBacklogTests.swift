import BitcoinWire
import Bytes
import EventLoop
import LogProtocol
import TestSupport
import Testing

@testable import LogServerCore

/// An archive that is slow or stopped: its backlog holds sources up, and it gets the missing records later.
@Suite struct ArchiveBacklogTests {
  /// A source that publishes while it is not asked to slow down.
  final class Source: LogPublisherHandler {
    var isCongested = false
    var overflows = 0
    var surrenders = 0

    func publisher(_ publisher: LogPublisher, joinedAs source: UInt32, isNewServer: Bool) {}
    func publisher(_ publisher: LogPublisher, lostServerFor reason: String) {}
    func publisherDidOverflow(_ publisher: LogPublisher) { overflows += 1 }
    func publisher(_ publisher: LogPublisher, isCongested: Bool) { self.isCongested = isCongested }
    func publisherStopsHolding(_ publisher: LogPublisher) { surrenders += 1 }
  }

  static let body = [UInt8](repeating: 7, count: 9968)

  func publish(_ count: Int, _ publisher: LogPublisher, _ bench: Bench) {
    for index in 1...count {
      publisher.publish(.debug, at: 1, body: Self.body)
      if index % 20 == 0 { bench.loop.runOnce() }
    }
  }

  /// Whether a reader got all records up to `count`, each once and in order.
  func isComplete(_ reader: RecordCollector, _ count: Int) -> Bool {
    reader.numbered.map(\.sequence) == (1...UInt64(count)).map { $0 } && reader.duplicates == 0
      && !reader.metas.contains { if case .gap = $0 { true } else { false } }
  }

  @Test func givesAnArchiveLaterWhatItWasTooSlowFor() throws {
    let bench = try Bench("archive_grace = 60.0; max_buffer = 1000000;")
    bench.server?.archivePatience = 0.05
    let archive = bench.reader(archiving: true)
    let other = bench.reader()
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && archive.metas.count == 1 && other.metas.count == 1 }
    archive.subscriber.pause()
    publish(800, publisher, bench)
    // A reader that does not archive gets everything meanwhile.
    try bench.loop.run { other.numbered.count == 800 }
    #expect(publisher.acknowledgedSequence < 400)
    #expect(bench.server?.status.missedRecords == 0)
    #expect(bench.loop.pool.lentCount < 2_500_000)
    archive.subscriber.resume()
    try bench.loop.run { publisher.acknowledgedSequence == 800 }
    #expect(isComplete(archive, 800))
    #expect(isComplete(other, 800))
    publish(100, publisher, bench)
    try bench.loop.run { publisher.acknowledgedSequence == 900 }
    #expect(isComplete(archive, 900))
  }

  @Test func slowsASourceDownBeforeAnythingOfItIsDropped() throws {
    let bench = try Bench("archive_grace = 60.0; max_buffer = 1000000;")
    bench.server?.archivePatience = 0.05
    let archive = bench.reader(archiving: true)
    let publisher = bench.publisher(limit: 4 << 20)
    let source = Source()
    publisher.handler = source
    try bench.loop.run { publisher.isJoined && archive.metas.count == 1 }
    archive.subscriber.pause()
    var count = 0
    func publishSome() {
      if !source.isCongested {
        publisher.publish(.debug, at: 1, body: Self.body)
        count += 1
      }
    }
    try bench.loop.run(timeout: 20) {
      publishSome()
      return source.isCongested && publisher.backlog > 3 << 20
    }
    // Sources stay congested while the archive reads nothing.
    try bench.loop.run(for: 0.3)
    #expect(source.isCongested)
    #expect(publisher.droppedCount == 0)
    archive.subscriber.resume()
    try bench.loop.run(timeout: 20) {
      publishSome()
      return count >= 2000
    }
    try bench.loop.run { publisher.acknowledgedSequence == UInt64(count) }
    #expect(isComplete(archive, count))
    #expect(source.overflows == 0)
    #expect(source.surrenders == 0)
  }

  @Test func waitsForAnArchiveThatStandsStillOnlyAsLongAsItIsToldTo() throws {
    let bench = try Bench("archive_grace = 60.0; max_buffer = 1000000;")
    bench.server?.archivePatience = 0.05
    let archive = bench.reader(archiving: true)
    let other = bench.reader()
    let publisher = bench.publisher(limit: 4 << 20, patience: 0.3)
    let source = Source()
    publisher.handler = source
    try bench.loop.run { publisher.isJoined && archive.metas.count == 1 && other.metas.count == 1 }
    archive.subscriber.pause()
    try bench.loop.run(timeout: 20) {
      if !source.isCongested { publisher.publish(.debug, at: 1, body: Self.body) }
      return publisher.lastSequence >= 2000
    }
    #expect(source.surrenders > 0)
    try bench.loop.run { other.numbered.count == 2000 }
    #expect(isComplete(other, 2000))
    archive.subscriber.resume()
    try bench.loop.run { publisher.acknowledgedSequence == 2000 }
    // The displaced records are missing in one range, and the sequence numbers show that.
    let sequences = archive.numbered.map(\.sequence)
    let holes = zip(sequences, sequences.dropFirst()).filter { $1 != $0 + 1 }
    #expect(holes.count == 1)
    #expect(sequences.first == 1 && sequences.last == 2000)
    #expect(publisher.droppedCount == 0)
  }

  @Test func takesARecordThatIsMoreThanMayWait() throws {
    let bench = try Bench("archive_grace = 60.0; max_buffer = 1000000;")
    let archive = bench.reader(archiving: true)
    let publisher = bench.publisher()
    try bench.loop.run { publisher.isJoined && archive.metas.count == 1 }
    for _ in 0..<3 { publisher.publish(.debug, at: 1, body: [UInt8](repeating: 1, count: 3_000_000)) }
    try bench.loop.run { publisher.acknowledgedSequence == 3 }
    #expect(isComplete(archive, 3))
  }

  @Test func closesASourceThatDoesNotSendAgainWhatAnArchiveLacks() throws {
    let bench = try Bench("archive_grace = 60.0;")
    bench.server?.rewindTime = 0.2
    let (source, id) = try PublisherFaultTests().join(bench, instance: 5)
    var sequence: UInt64 = 0
    func send() {
      sequence += 1
      source.stream.write(PublisherFaultTests.record(id, sequence, bodyCount: 10))
    }
    for _ in 0..<50 { send() }
    try bench.loop.run { bench.server?.status.records == 50 }
    let archive = bench.reader(archiving: true)
    try bench.loop.run {
      if !source.isClosed { send() }
      return source.isClosed
    }
    let words = String(decoding: source.received, as: UTF8.self)
    #expect(words.contains("it did not resend the records that an archive lacks"))
    // The archive has no record of the source, and the gap reports it.
    try bench.loop.run { archive.metas.contains { if case .gap = $0 { true } else { false } } }
    guard case .gap(let gap)? = archive.metas.first(where: { if case .gap = $0 { true } else { false } })
    else { return }
    #expect(archive.numbered.isEmpty)
    #expect(gap.sequences.lowerBound == 1)
    #expect(gap.sequences.upperBound >= 50 && gap.sequences.upperBound <= sequence)
    #expect(gap.cause == .heldByNobody)
  }

  @Test func closesASourceThatSaysNothingToARewindButHasNobodyDoWithoutItsRecords() throws {
    let bench = try Bench("archive_grace = 60.0;")
    bench.server?.rewindTime = 0.1
    let (source, id) = try PublisherFaultTests().join(bench, instance: 5)
    source.stream.write(PublisherFaultTests.record(id, 1, bodyCount: 10))
    try bench.loop.run { bench.server?.status.records == 1 }
    let archive = bench.reader(archiving: true)
    try bench.loop.run { source.isClosed }
    // The source may have been stopped, and returns.
    let (again, newID) = try PublisherFaultTests().join(bench, instance: 5)
    #expect(newID == id)
    again.stream.write(PublisherFaultTests.record(id, 1, bodyCount: 10))
    try bench.loop.run { archive.numbered.count == 1 }
    #expect(isComplete(archive, 1))
  }
}
