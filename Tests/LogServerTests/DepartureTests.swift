import Bytes
import EventLoop
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogServerCore

/// Sources that leave while no archive is connected: the archive learns of it when it reconnects.
@Suite struct DepartureTests {
  /// The *source left* records that an archive got.
  func departures(_ archive: RecordCollector) -> [MetaBody] {
    archive.metas.filter { if case .sourceLeft = $0 { true } else { false } }
  }

  /// A source with archived records, and the archive's ledger.
  func archivedSource(_ bench: Bench) throws -> (source: LogPublisher?, ledger: SequenceLedger, id: UInt32) {
    let publisher = bench.publisher(identity: SourceIdentity(number: 5))
    let archive = bench.reader(archiving: true)
    publisher.publish(.debug, text: "1")
    try bench.loop.run { publisher.isSettled && archive.numbered.count == 1 }
    return (publisher, archive.ledger, publisher.source)
  }

  func returning(_ ledger: SequenceLedger, on bench: Bench) -> RecordCollector {
    let archive = bench.reader(archiving: true)
    archive.ledger = ledger
    return archive
  }

  @Test func tellsAnArchiveThatComesBackWhoLeftMeanwhile() throws {
    let bench = try Bench("archive_grace = 60.0;")
    var (source, ledger, id) = try archivedSource(bench)
    try bench.loop.run { bench.server?.status.readers == 0 }
    for text in ["2", "3"] { source?.publish(.debug, text: text) }
    try bench.loop.run { bench.server?.status.records == 3 }
    source = nil
    try bench.loop.run { bench.server?.status.sources.isEmpty == true }
    let archive = returning(ledger, on: bench)
    try bench.loop.run { !departures(archive).isEmpty }
    guard case .sourceLeft(id, false, lastSequence: 3, _) = departures(archive)[0] else {
      Issue.record("\(departures(archive))")
      return
    }
  }

  @Test func tellsAnArchiveWhoCameAndLeftMeanwhileWithRecordsThatNobodyHas() throws {
    let bench = try Bench("archive_grace = 60.0;")
    var publisher: LogPublisher? = bench.publisher()
    publisher?.publish(.debug, text: "1")
    try bench.loop.run { bench.server?.status.records == 1 }
    publisher = nil
    try bench.loop.run { bench.server?.status.sources.isEmpty == true }
    let archive = bench.reader(archiving: true)
    try bench.loop.run { archive.metas.count == 2 }
    guard case .sourceJoined(let id, _) = archive.metas[0],
      case .sourceLeft(id, false, lastSequence: 1, _) = archive.metas[1]
    else {
      Issue.record("\(archive.metas)")
      return
    }
  }

  @Test func tellsNoArchiveOfSourcesThatItMayHaveForgotten() throws {
    let bench = try Bench("archive_grace = 60.0;")
    let (source, _, _) = try archivedSource(bench)
    var isFinished = false
    source?.finish(timeout: 5) { _ in isFinished = true }
    try bench.loop.run { isFinished && bench.server?.status.sources.isEmpty == true }
    let archive = bench.reader(archiving: true)
    let other = bench.publisher()
    other.publish(.debug, text: "x")
    try bench.loop.run { archive.numbered.count == 1 }
    #expect(departures(archive).isEmpty)
  }

  @Test func tellsAnArchiveWhoDidNotComeBackAfterTheServerWasStarted() throws {
    let bench = try Bench("archive_grace = 60.0;")
    var (source, ledger, id) = try archivedSource(bench)
    bench.kill()
    source = nil
    try bench.start()
    let publisher = bench.publisher()
    let archive = returning(ledger, on: bench)
    publisher.publish(.debug, text: "x")
    try bench.loop.run { archive.numbered.count == 1 }
    #expect(departures(archive).isEmpty)
    bench.server?.returnTime = 0.01
    try bench.loop.run { !departures(archive).isEmpty }
    guard case .sourceLeft(id, false, lastSequence: 1, _) = departures(archive)[0] else {
      Issue.record("\(departures(archive))")
      return
    }
    #expect(departures(archive).count == 1)
    _ = source
  }
}
