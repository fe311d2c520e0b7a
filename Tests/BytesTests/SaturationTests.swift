import Bytes
import Testing

@Suite struct SaturationTests {
  @Test func stopsAtTheLargestNumber() {
    #expect(UInt64(3).saturating(adding: 4) == 7)
    #expect(UInt64.max.saturating(adding: 1) == .max)
    #expect(UInt8(16).saturating(multiplying: 15) == 240)
    #expect(UInt8(16).saturating(multiplying: 16) == .max)
    var sum: UInt64 = 1 << 63
    sum.saturate(adding: 1 << 63)
    #expect(sum.sumText == "at least 18446744073709551615")
    #expect(UInt64(7).sumText == "7")
  }
}
