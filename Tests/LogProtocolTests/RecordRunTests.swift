import Bytes
import LogProtocol
import Observations
import Testing

@Suite struct RecordRunTests {
  func record(
    _ sequence: UInt64,
    _ type: RecordType = .message,
    source: UInt32 = 7,
    bodyCount: Int = 5
  ) -> [UInt8] {
    RecordHeader(type: type, source: source, time: 1, sequence: sequence, bodyCount: 0)
      .record(body: [UInt8](repeating: 9, count: bodyCount))
  }

  func run(_ bytes: [UInt8], after sequence: UInt64 = 0, through limit: UInt64 = .max) -> RecordRun {
    var run = RecordRun(at: 0, after: sequence)
    bytes.withUnsafeBytes { run.extend(in: $0, source: 7, through: limit) }
    return run
  }

  @Test func takesInWhatIsOrdinary() {
    let bytes = record(3) + record(4, .debug, bodyCount: 0) + record(9, .error, bodyCount: 1000)
    let found = run(bytes, after: 2)
    #expect(found.range == 0..<bytes.count)
    #expect(found.count == 3)
    #expect(found.firstSequence == 3)
    #expect(found.lastSequence == 9)
  }

  @Test func endsBeforeWhatIsNotWhole() {
    let first = record(1)
    let bytes = first + record(2)
    for count in 0..<bytes.count {
      let found = run(Array(bytes[..<count]))
      #expect(found.count == (count < first.count ? 0 : 1))
      #expect(found.range == 0..<(count < first.count ? 0 : first.count))
    }
  }

  @Test func endsBeforeWhatMustBeLookedAt() {
    let first = record(1)
    let others: [[UInt8]] = [
      record(2, .meta), record(2, .connection), record(2, source: 8), record(1), record(0), record(11),
      StreamPreamble.bytes(createdAt: 1) + record(2), [0, 0, 0, 0] + record(2).dropFirst(4),
      [0, 0, 0, 27] + record(2).dropFirst(4), [1, 0, 0, 1] + record(2).dropFirst(4),
      [0xff, 0xff, 0xff, 0xff] + record(2).dropFirst(4), record(2, [.debug, .error]), record(2, []),
      record(2)[..<27] + [1] + record(2)[28...],
    ]
    for other in others {
      let found = run(first + other + record(12), through: 10)
      #expect(found.range == 0..<first.count)
      #expect(found.count == 1)
      #expect(found.lastSequence == 1)
    }
  }

  @Test func goesOnWhereItEnded() {
    let meta = record(2, .meta, bodyCount: 3)
    let bytes = record(1) + meta + record(3)
    var found = RecordRun(at: 0, after: 0)
    bytes.withUnsafeBytes { bytes in
      found.extend(in: bytes, source: 7, through: .max)
      let rest = UnsafeRawBufferPointer(rebasing: bytes[found.range.upperBound...])
      found.append(RecordHeader(checked: rest))
      found.extend(in: bytes, source: 7, through: .max)
    }
    #expect(found.range == 0..<bytes.count)
    #expect(found.count == 3)
  }
}
