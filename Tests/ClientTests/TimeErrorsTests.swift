import Testing

@testable import LogCommands

@Suite struct TimeErrorsTests {
  @Test func tellsQuantilesToASixteenth() {
    var errors = TimeErrors()
    for time in 1...1000 { errors.note(sent: 5, recorded: 5 + UInt64(time) * 1_000_000) }
    #expect((500_000_000...531_250_000).contains(errors.quantile(0.5)))
    #expect(errors.quantile(1) == 1_000_000_000)
  }

  @Test func survivesTheLargestDifference() {
    var errors = TimeErrors()
    errors.note(sent: 0, recorded: .max)
    errors.note(sent: .max, recorded: 0)
    #expect(errors.quantile(1) == .max)
    #expect(errors.text.contains("max 18446744073709551.6 µs, 1 early by up to 18446744073709551.6"))
  }
}
