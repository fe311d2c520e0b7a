import Bytes
import Foundation
import LogFiles
import LogProtocol
import Observations
@testable import LogText
import TestSupport
import Testing

@Suite struct ArchiveReportTests {
  let folder = TemporaryFolder()

  func report(_ files: [[UInt8]]...) throws -> ArchiveReport {
    var report = ArchiveReport()
    for (index, records) in files.enumerated() {
      folder.write(StreamPreamble.bytes(createdAt: 0) + records.joined(), to: "\(index).log")
      try report.read(LogFile(folder.path + "\(index).log"))
    }
    let json = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
    #expect(json?["lost"] as? UInt64 == report.lostCount)
    #expect(report.text.contains("records lost: \(report.lostCount)\n"))
    return report
  }

  func gap(_ sequences: ClosedRange<UInt64>, _ cause: Gap.Cause = .heldByNobody) -> [UInt8] {
    Records.meta(
      .gap(
        Gap(
          source: Records.source,
          sequences: sequences,
          count: sequences.upperBound - sequences.lowerBound + 1,
          byteCount: 0,
          cause: cause
        )
      )
    )
  }

  @Test func findsNothingWrongWithAWholeArchive() throws {
    let report = try report([
      Records.joined(), Records.event(.connected, 1), Records.message("ping", [], 2),
      Records.message("pong", [], 3, flags: .sent), Records.message("ping", [], 4),
    ])
    #expect(report.isFaultless)
    #expect(report.recordCount == 5)
    #expect(report.unnumberedCount == 1)
    #expect(report.times == 1...4)
    #expect(report.traffic["ping"] == ArchiveReport.Traffic(received: 2, sent: 0))
    #expect(report.traffic["pong"] == ArchiveReport.Traffic(received: 0, sent: 1))
    #expect(report.openedCount == 1)
    let source = try #require(report.sources.first)
    #expect(source.kind == "connector")
    #expect((source.firstSequence, source.lastSequence, source.recordCount) == (1, 4, 4))
  }

  @Test func tellsExplainedFromUnexplained() throws {
    let report = try report([
      Records.joined(), gap(1...4, .beforeArchive), Records.text(5), gap(6...8), Records.text(9),
      Records.text(12), Records.text(12), gap(13...15, .slowReader),
    ])
    let source = try #require(report.sources.first)
    #expect(source.beforeArchiveCount == 4)
    #expect(source.explainedCount == 6)
    #expect(source.unexplainedCount == 2)
    #expect(source.duplicateCount == 1)
    #expect(source.recordCount == 3)
    #expect(report.lostCount == 8)
    #expect(!report.isFaultless)
  }

  @Test func followsSegmentsAndInstances() throws {
    let mark = RotationMark(positions: [ArchivePosition(instance: 42, source: Records.source, sequence: 2)])
    let first = [Records.joined(), Records.text(1), Records.text(2)]
    let second = [
      Records.meta(.rotation(mark)), Records.joined(), Records.text(3), Records.joined(42, as: 8),
      Records.text(4, source: 8), Records.joined(43, as: 9), Records.text(1, source: 9),
    ]
    #expect(try report(first, second).isFaultless)
    let later = try report(second)
    #expect(later.isFaultless)
    #expect(later.sources.map(\.recordCount) == [2, 1])
    #expect(try report([Records.text(3)]).lostCount == 2)
  }

  @Test func countsALateRecordAsThere() throws {
    let report = try report([1, 4, 2, 3, 3].map { Records.text($0) })
    #expect(report.lostCount == 0)
    #expect(report.duplicateCount == 1)
    #expect(report.sources[0].recordCount == 4)
  }

  @Test func findsTimeRunningBackwards() throws {
    let report = try report([
      Records.message("ping", [], 1, time: 10), Records.message("ping", [], 2, flags: .sent, time: 5),
      Records.message("ping", [], 3, time: 7, connection: 2), Records.message("ping", [], 4, time: 9),
      Records.message("ping", [], 5, time: 9),
    ])
    #expect(report.backwardsCount == 1)
  }

  @Test func findsATornTail() throws {
    let report = try report([Records.text(1), Array(Records.text(2).dropLast(3))])
    #expect(report.files[0].tornCount == Records.text(2).count - 3)
    #expect(report.recordCount == 1)
    #expect(!report.isFaultless)
  }

  @Test func survivesAnySequence() throws {
    let report = try report([Records.text(.max), gap(1...(.max - 1)), Records.text(5), Records.text(.max)])
    #expect(report.duplicateCount == 1)
    #expect(report.sources[0].explainedCount == UInt64.max - 2)
  }
}
