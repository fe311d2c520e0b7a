import Bytes
import LogProtocol
import Observations
import Testing

@testable import LogClientCore

@Suite struct SegmentPlannerTests {
  typealias Step = SegmentPlanner.Step

  func step(_ planner: inout SegmentPlanner, _ record: [UInt8]) -> Step {
    record.withUnsafeBytes {
      planner.step(RecordHeader(checked: $0), body: UnsafeRawBufferPointer(rebasing: $0.dropFirst(32)))
    }
  }

  func gap(_ sequences: ClosedRange<UInt64>, _ cause: Gap.Cause) -> Gap {
    Gap(
      source: Records.source,
      sequences: sequences,
      count: UInt64(sequences.count),
      byteCount: 0,
      cause: cause
    )
  }

  @Test func keepsDropsAndReportsBySequence() {
    var planner = SegmentPlanner()
    #expect(step(&planner, Records.joined()) == .keep)
    #expect(step(&planner, Records.text(1)) == .keep)
    #expect(step(&planner, Records.text(2)) == .keep)
    #expect(step(&planner, Records.text(2)) == .drop)
    #expect(step(&planner, Records.text(1)) == .drop)
    #expect(step(&planner, Records.text(3)) == .keep)
    #expect(step(&planner, Records.text(6)) == .keepAfter(gap(4...5, .heldByNobody)))
    #expect(step(&planner, Records.text(7)) == .keep)
  }

  @Test func tellsWhatWasBeforeTheArchive() {
    var planner = SegmentPlanner()
    _ = step(&planner, Records.joined())
    #expect(step(&planner, Records.text(5)) == .keepAfter(gap(1...4, .beforeArchive)))
    #expect(step(&planner, Records.text(7)) == .keepAfter(gap(6...6, .heldByNobody)))
  }

  @Test func surviveSequencesNobodyHas() {
    var planner = SegmentPlanner()
    #expect(
      step(&planner, Records.text(.max))
        == .keepAfter(
          Gap(
            source: Records.source,
            sequences: 1...(.max - 1),
            count: .max - 1,
            byteCount: 0,
            cause: .beforeArchive
          )
        )
    )
    #expect(step(&planner, Records.text(.max)) == .drop)
  }

  @Test func doesNotReportAgainWhatTheServerReported() {
    var planner = SegmentPlanner()
    _ = step(&planner, Records.joined())
    _ = step(&planner, Records.text(1))
    #expect(step(&planner, Records.meta(.gap(gap(2...5, .slowReader)))) == .keep)
    #expect(step(&planner, Records.text(6)) == .keep)
    #expect(step(&planner, Records.meta(.gap(gap(3...6, .slowReader)))) == .drop)
    #expect(
      step(&planner, Records.meta(.gap(gap(9...10, .slowReader)))) == .keepAfter(gap(7...8, .heldByNobody))
    )
    #expect(step(&planner, Records.text(11)) == .keep)
  }

  @Test func doesNotReportAgainWhatTheSourceReported() {
    var planner = SegmentPlanner()
    _ = step(&planner, Records.joined())
    _ = step(&planner, Records.text(1))
    var overflow = gap(2...5, .sourceOverflow)
    overflow.source = 0
    let record = Records.meta(.gap(overflow), source: Records.source, sequence: 6)
    #expect(step(&planner, record) == .keep)
    #expect(step(&planner, record) == .drop)
    #expect(step(&planner, Records.text(7)) == .keep)
  }

  @Test func keepsOnceThatASourceLeftWithoutGoodbye() {
    func left(after last: UInt64) -> [UInt8] {
      let left = MetaBody.sourceLeft(
        source: Records.source,
        saidGoodbye: false,
        lastSequence: last,
        reason: "killed"
      )
      return Records.meta(left)
    }
    var planner = SegmentPlanner()
    _ = step(&planner, Records.joined())
    _ = step(&planner, Records.text(1))
    #expect(step(&planner, left(after: 3)) == .keep)
    #expect(step(&planner, left(after: 3)) == .drop)
    #expect(step(&planner, left(after: 1)) == .drop)
    var restarted = SegmentPlanner()
    for record in [Records.joined(), Records.text(1), left(after: 3)] {
      record.withUnsafeBytes {
        restarted.recall(
          RecordHeader(checked: $0),
          body: UnsafeRawBufferPointer(rebasing: $0.dropFirst(32))
        )
      }
    }
    #expect(step(&restarted, left(after: 3)) == .drop)
    // It comes back and leaves again.
    _ = step(&planner, Records.joined())
    #expect(step(&planner, left(after: 3)) == .keep)
    #expect(step(&planner, Records.text(2)) == .keep)
  }

  @Test func remembersNotEverySourceThatLeftWithoutGoodbye() {
    var planner = SegmentPlanner()
    func visit(_ id: UInt32, records: UInt64) {
      let description = SourceDescription(
        instance: UInt64(id),
        process: 1,
        kind: "x",
        name: "",
        version: ""
      )
      _ = step(&planner, Records.meta(.sourceJoined(source: id, description)))
      if records > 0 {
        let header = RecordHeader(type: .debug, source: id, time: 1, sequence: records, bodyCount: 0)
        _ = step(&planner, header.record(body: [0x78]))
      }
      let left = MetaBody.sourceLeft(source: id, saidGoodbye: false, lastSequence: records, reason: "")
      _ = step(&planner, Records.meta(left))
      _ = planner.commit()
    }
    visit(1, records: 1)
    // Sources without records are not remembered.
    for id in 2...5000 as ClosedRange<UInt32> { visit(id, records: 0) }
    #expect(planner.positions.map(\.instance) == [1])
    for id in 5001...10_000 as ClosedRange<UInt32> { visit(id, records: 1) }
    #expect((500...1024).contains(planner.positions.count))
    #expect(planner.positions.last?.instance == 10_000)
  }

  @Test func reportsWhatAGoodbyeTakesAway() {
    var planner = SegmentPlanner()
    _ = step(&planner, Records.joined())
    _ = step(&planner, Records.text(1))
    let lost = MetaBody.sourceLeft(
      source: Records.source,
      saidGoodbye: false,
      lastSequence: 4,
      reason: "killed"
    )
    #expect(step(&planner, Records.meta(lost)) == .keep)
    let left = MetaBody.sourceLeft(source: Records.source, saidGoodbye: true, lastSequence: 4, reason: "")
    #expect(step(&planner, Records.meta(left)) == .keepAfter(gap(2...4, .heldByNobody)))
  }

  @Test func countsAsArchivedOnlyWhatIsCommitted() {
    var planner = SegmentPlanner()
    _ = step(&planner, Records.joined())
    for sequence in 1...3 as ClosedRange<UInt64> { _ = step(&planner, Records.text(sequence)) }
    #expect(planner.positions.map(\.sequence) == [0])
    #expect(planner.commit() == [Records.source: 3])
    #expect(planner.positions == [ArchivePosition(instance: 42, source: Records.source, sequence: 3)])
    #expect(planner.commit() == [:])
    // Records that are sent again are acknowledged again.
    _ = step(&planner, Records.text(2))
    #expect(planner.commit() == [Records.source: 3])
    // A source that comes back with another id continues at its position.
    _ = step(&planner, Records.text(4))
    _ = step(&planner, Records.joined(42, as: 9))
    #expect(step(&planner, Records.text(5, source: 9)) == .keep)
    #expect(planner.positions == [ArchivePosition(instance: 42, source: 9, sequence: 3)])
    #expect(planner.commit() == [9: 5])
  }

  @Test func beginsASegmentWithWhatIsLive() throws {
    var planner = SegmentPlanner()
    _ = step(&planner, Records.joined())
    _ = step(&planner, Records.event(.connected, 1, connection: 1))
    _ = step(&planner, Records.event(.connected, 2, connection: 2))
    _ = step(&planner, Records.event(.closedByPeer, 3, connection: 2))
    // Not committed yet, so the head still contains the closed connection.
    #expect(try Records.words(planner.head(at: 9)) == ["mark 42:0", "joined 42", "open 1", "open 2"])
    _ = planner.commit()
    #expect(try Records.words(planner.head(at: 9)) == ["mark 42:3", "joined 42", "open 1"])
    planner.forgetLive()
    #expect(try Records.words(planner.head(at: 9)) == ["mark 42:3"])
  }

  @Test func forgetsWhoSaidGoodbyeAndIsArchived() throws {
    var planner = SegmentPlanner()
    _ = step(&planner, Records.joined())
    _ = step(&planner, Records.joined(43, as: 9))
    _ = step(&planner, Records.text(1))
    _ = step(&planner, Records.text(1, source: 9))
    func left(_ source: UInt32, _ saidGoodbye: Bool) -> [UInt8] {
      Records.meta(.sourceLeft(source: source, saidGoodbye: saidGoodbye, lastSequence: 1, reason: ""))
    }
    #expect(step(&planner, left(9, false)) == .keep)
    #expect(step(&planner, left(Records.source, true)) == .keep)
    // Not committed yet: if the file is lost now, the positions are still known.
    #expect(planner.positions.map(\.instance) == [43, 42])
    #expect(planner.commit() == [Records.source: 1, 9: 1])
    // Without goodbye it may come back.
    #expect(planner.positions == [ArchivePosition(instance: 43, source: 9, sequence: 1)])
    #expect(try Records.words(planner.head(at: 9)) == ["mark 43:1"])
    // The server reports late that a slow reader missed records. All of them are accounted for already.
    #expect(step(&planner, Records.meta(.gap(gap(1...1, .slowReader)))) == .drop)
    // Another source may get the same id.
    _ = step(&planner, Records.joined(44))
    #expect(step(&planner, Records.text(1)) == .keep)
    #expect(planner.commit() == [Records.source: 1])
    #expect(planner.positions.map(\.instance) == [43, 44])
  }

  @Test func recallsNobodyWhoSaidGoodbyeAndIsArchived() {
    for (last, instances) in [(1, []), (2, [42])] as [(UInt64, [UInt64])] {
      var planner = SegmentPlanner()
      let left = MetaBody.sourceLeft(
        source: Records.source,
        saidGoodbye: true,
        lastSequence: last,
        reason: ""
      )
      for record in [Records.joined(), Records.text(1), Records.meta(left)] {
        record.withUnsafeBytes {
          planner.recall(RecordHeader(checked: $0), body: UnsafeRawBufferPointer(rebasing: $0.dropFirst(32)))
        }
      }
      #expect(planner.positions.map(\.instance) == instances)
    }
  }

  @Test func recallsAnArchive() {
    var planner = SegmentPlanner()
    let mark = RotationMark(positions: [ArchivePosition(instance: 42, source: Records.source, sequence: 70)])
    let archive = [
      Records.meta(.rotation(mark)), Records.joined(), Records.text(71),
      Records.meta(.gap(gap(72...80, .heldByNobody))),
    ]
    for record in archive {
      record.withUnsafeBytes {
        planner.recall(RecordHeader(checked: $0), body: UnsafeRawBufferPointer(rebasing: $0.dropFirst(32)))
      }
    }
    #expect(planner.positions == [ArchivePosition(instance: 42, source: Records.source, sequence: 80)])
    #expect(step(&planner, Records.text(81)) == .keep)
  }
}
