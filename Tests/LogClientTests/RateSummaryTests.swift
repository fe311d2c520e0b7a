import LogProtocol
import LogText
import Observations
import TestSupport
import Testing

@Suite struct RateSummaryTests {
  @Test func doesNotWrapWhatGapRecordsSay() throws {
    var summary = RateSummary(interval: 1_000_000_000, isJSON: false)
    var output: [UInt8] = []
    for source: UInt32 in 1...2 {
      let gap = Gap(
        source: source,
        sequences: 1...(1 << 63),
        count: 1 << 63,
        byteCount: 0,
        cause: .slowReader
      )
      Records.meta(.gap(gap)).withUnsafeBytes {
        let body = UnsafeRawBufferPointer(rebasing: $0.dropFirst(RecordHeader.size))
        summary.note(StreamRecord(RecordHeader(checked: $0), body), to: &output)
      }
    }
    summary.finish(to: &output)
    #expect(String(decoding: output, as: UTF8.self).contains(" missing at least 18446744073709551615"))
  }
}
