import Testing

@testable import SimnetCore

@Suite struct ScheduleTests {
  @Test func givesTheEarliestFirstAndEqualOnesInTheirOrder() {
    var schedule = Schedule<Int>()
    var random = RandomSource(seed: 1, purpose: "test")
    let times = (0..<500).map { _ in UInt64.random(in: 0..<50, using: &random) }
    for (index, time) in times.enumerated() { schedule.add(index, at: time) }
    var got: [Int] = []
    while let next = schedule.nextTime, let (time, index) = schedule.removeFirst() {
      #expect(next == time)
      #expect(times[index] == time)
      got.append(index)
    }
    #expect(got == times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
    #expect(schedule.removeFirst() == nil)
  }
}
