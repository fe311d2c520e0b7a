import Foundation
import Observations
import Testing

@testable import ConnectorCore

@Suite struct FailureSumTests {
  @Test func tellsOneSecondsWorthAndCountsTheOthersByReason() {
    var sum = FailureSum(rate: 2, now: 0)
    let told = [0, 0, 1].map { sum.mayTell($0) }
    #expect(told == [true, true, false])
    sum.add(7, Outcome(.queueFull), at: 1_000_000_005)
    sum.add(8, Outcome(.blacklisted), at: 2_000_000_000)
    sum.add(12, Outcome(.queueFull), at: 3_500_000_000)
    let sentences = sum.take("connects not tried")
    #expect(
      sentences == [
        "1 connects not tried without an event of their own: blacklisted; "
          + "first connection 8 at 2.000000000, last connection 8 at 2.000000000; connections 8",
        "2 connects not tried without an event of their own: queue full; "
          + "first connection 7 at 1.000000005, last connection 12 at 3.500000000; connections 7 12",
      ]
    )
    let rest = sum.take("connects not tried")
    let mayTell = sum.mayTell(1_000_000_000)
    #expect(rest == [] && mayTell)
  }

  /// Each id is in a sentence, so that no id is unaccounted for.
  @Test func saysEachIDThatItCounts() {
    var sum = FailureSum(rate: 1, now: 0)
    var ids: [UInt32] = []
    var id: UInt32 = 1
    for step in 0..<20_000 {
      id += step % 7 == 0 ? 2 : 1
      ids.append(id)
    }
    var sentences: [String] = []
    for id in ids {
      sum.add(id, Outcome(.queueFull), at: 0)
      if sum.isFull { sentences += sum.take("connects") }
    }
    sentences += sum.take("connects")
    var said: [UInt32] = []
    for sentence in sentences {
      let words = sentence.components(separatedBy: "; connections ")[1].split(separator: " ")
      for word in words {
        let bounds = word.split(separator: "-").map { UInt32($0)! }
        said += Array(bounds.first!...bounds.last!)
      }
    }
    #expect(said == ids)
    #expect(sentences.allSatisfy { $0.utf8.count < 32_768 } && sentences.count < 100)
  }

  @Test func countsOnlySoManyReasonsByThemselves() {
    var sum = FailureSum(rate: 1, now: 0)
    for id in 1...100 as ClosedRange<UInt32> {
      sum.add(id, Outcome(.unspecified, .text("reason \(id)")), at: 0)
    }
    let sentences = sum.take("connects")
    #expect(sentences.count == 33)
    #expect(
      sentences.contains { $0.hasPrefix("68 connects") && $0.contains("other reasons; first connection 33 ") }
    )
  }
}
