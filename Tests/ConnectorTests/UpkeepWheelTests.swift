import Testing

@testable import ConnectorCore

@Suite struct UpkeepWheelTests {
  private static let second: UInt64 = 1_000_000_000

  @Test func givesEachBackOnceItsTimeHasCome() {
    var wheel = UpkeepWheel(at: 5 * Self.second)
    #expect(wheel.add(1, at: 7 * Self.second + 1) == 8)
    #expect(wheel.add(2, at: 5 * Self.second) == 6)
    // An overdue connection is due next.
    #expect(wheel.add(3, at: 0) == 6)
    #expect(wheel.take(until: 5 * Self.second + 999_999_999).isEmpty)
    #expect(wheel.take(until: 6 * Self.second).map(\.id) == [2, 3])
    #expect(wheel.take(until: 7 * Self.second).isEmpty)
    let last = wheel.take(until: 9 * Self.second)
    #expect(last.map(\.id) == [1] && last.map(\.second) == [8])
    #expect(wheel.take(until: 5000 * Self.second).isEmpty)
  }

  @Test func givesBackWhatIsFarAwayBefore() {
    var wheel = UpkeepWheel(at: 0)
    let due = wheel.add(1, at: 100_000 * Self.second)
    #expect(due < 2000)
    #expect(wheel.take(until: due * Self.second).map(\.second) == [due])
  }

  @Test(arguments: [1000, 1023, 1024, 1025, 5000] as [UInt64])
  func losesNobodyInAStop(_ seconds: UInt64) {
    var wheel = UpkeepWheel(at: 0)
    for id in 1...900 as ClosedRange<UInt32> { _ = wheel.add(id, at: UInt64(id) * Self.second) }
    #expect(wheel.take(until: seconds * Self.second).map(\.id) == Array(1...900))
    #expect(wheel.add(7, at: (seconds + 1) * Self.second) == seconds + 2)
    #expect(wheel.take(until: (seconds + 2) * Self.second).map(\.id) == [7])
  }
}
