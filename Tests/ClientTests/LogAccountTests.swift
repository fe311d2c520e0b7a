import Bytes
import Foundation
import LogFiles
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import Commands

/// `netmine verify` and `netmine log check` account for sequence numbers in the same way.
@Suite struct LogAccountTests {
  let runner: CommandRunner

  init() throws { runner = try CommandRunner() }

  /// The results of both commands for an archive.
  struct Verdicts {
    /// The number of sequence numbers that `verify` counts as lost.
    var lost: UInt64
    /// `kind first last` of each finding of `check` about sequence numbers.
    var findings: [String]
    /// Whether each command exited with status 0.
    var succeeded: (verify: Bool, check: Bool)
  }

  /// Writes files of records, and runs both commands on them.
  func verdicts(_ files: [[UInt8]]...) throws -> Verdicts {
    var paths: [String] = []
    for (index, records) in files.enumerated() {
      let bytes = StreamPreamble.bytes(createdAt: UInt64(index + 1)) + records.joined()
      paths.append(runner.folder.write(bytes, to: "\(index).log"))
    }
    let verify = try runner.run(["verify", "--json"] + paths)
    let check = try runner.run(["log", "check", "--json"] + paths)
    let report = try JSONSerialization.jsonObject(with: Data(verify.lines.joined().utf8)) as? [String: Any]
    let findings = check.lines.dropLast().compactMap { line -> String? in
      let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      guard let object, let first = object["first"], let last = object["last"] else { return nil }
      return "\(object["finding"] ?? "") \(first) \(last)"
    }
    return Verdicts(
      lost: report?["lost"] as? UInt64 ?? 0,
      findings: findings,
      succeeded: (verify.status == .succeeded, check.status == .succeeded)
    )
  }

  func text(_ sequence: UInt64, source: UInt32 = LogArchive.source) -> [UInt8] {
    LogArchive.record(.debug, sequence, Array("hello".utf8), source: source, time: LogArchive.start)
  }

  func mark(_ sequence: UInt64, instance: UInt64 = 7, source: UInt32 = LogArchive.source) -> [UInt8] {
    let position = ArchivePosition(instance: instance, source: source, sequence: sequence)
    return LogArchive.meta(.rotation(RotationMark(positions: [position])))
  }

  func left(_ last: UInt64, goodbye: Bool, source: UInt32 = LogArchive.source) -> [UInt8] {
    LogArchive.meta(.sourceLeft(source: source, saidGoodbye: goodbye, lastSequence: last, reason: ""))
  }

  @Test func findsAHoleBeforeARotationMark() throws {
    let found = try verdicts(
      [LogArchive.joined(), text(1), text(2)],
      [mark(5), LogArchive.joined(), text(6)]
    )
    #expect(found.lost == 3)
    #expect(found.findings == ["sequence_gap 3 5"])
    #expect(found.succeeded == (false, false))
  }

  @Test func findsAHoleBeforeARotationMarkOfASourceThatSaysNothingMore() throws {
    let found = try verdicts([LogArchive.joined(), text(1), text(2)], [mark(5), LogArchive.joined()])
    #expect(found.lost == 3)
    #expect(found.findings == ["sequence_gap 3 5"])
    #expect(found.succeeded == (false, false))
  }

  @Test func believesTheRotationMarkThatAnArchiveBeginsWith() throws {
    let found = try verdicts(
      [mark(5), LogArchive.joined(), text(6)],
      [mark(6), LogArchive.joined(), text(7)]
    )
    #expect(found.lost == 0)
    #expect(found.succeeded == (true, true))
  }

  @Test func believesTheGapRecordOfASourceThatStandsRightAfterTheGap() throws {
    let gap = Gap(source: 0, sequences: 2...4, count: 3, byteCount: 300, cause: .sourceOverflow)
    let own = LogArchive.record(.meta, 5, MetaBody.gap(gap).body)
    let found = try verdicts([LogArchive.joined(), text(1), own, text(6)])
    #expect(found.lost == 3)
    #expect(found.findings == ["gap 2 4"])
    #expect(found.succeeded == (false, false))
  }

  @Test func countsWhatTheLogServerHadOfASourceThatLeft() throws {
    let archive = [LogArchive.joined(), text(1), text(2)]
    let killed = try verdicts(archive + [left(5, goodbye: false)])
    #expect(killed.lost == 3)
    #expect(killed.findings == ["gap 3 5"])
    let back = try verdicts(
      archive + [left(5, goodbye: false), LogArchive.joined()] + [3, 4, 5, 6].map { text($0) }
    )
    #expect(back.lost == 0)
    #expect(back.succeeded == (true, true))
    let ended = try verdicts(archive + [left(5, goodbye: true)])
    #expect(ended.lost == 3)
    #expect(ended.findings == ["sequence_gap 3 5"])
  }

  @Test func stopsCountingAtTheLargestNumber() throws {
    let half: UInt64 = 1 << 63
    let records =
      [LogArchive.joined(), LogArchive.joined(8, instance: 8)]
      + [1, half + 2].flatMap { [text($0), text($0, source: 8)] }
    let found = try verdicts(records)
    #expect(found.lost == .max)
    #expect(found.succeeded == (false, false))
    let path = runner.folder.path + "0.log"
    #expect(try runner.run("verify", path).lines.contains("records lost: at least 18446744073709551615"))
  }

  @Test func doesNotTakeARecordThatComesLateForADuplicate() throws {
    let found = try verdicts([LogArchive.joined()] + [1, 4, 2, 3].map { text($0) })
    #expect(found.lost == 0)
    #expect(found.findings == [])
    #expect(found.succeeded == (true, false))
  }
}
