import Bytes
import Testing

@Suite struct HexadecimalTests {
  @Test func spellsAndReads() {
    #expect(Hexadecimal.text([0x00, 0xaf, 0x19]) == "00af19")
    #expect(Hexadecimal.text(UInt32(0xaf19)) == "0000af19")
    #expect(Hexadecimal.bytes("00AF19") == [0x00, 0xaf, 0x19])
    #expect(Hexadecimal.bytes("") == [])
  }

  @Test(arguments: ["0", "0g", "zz", "0x", " 00"])
  func refusesWhatIsNotHexadecimal(_ text: String) {
    #expect(Hexadecimal.bytes(text) == nil)
  }

  /// Digit by digit, as the standard library writes numbers.
  private func spelt(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test(arguments: 0..<40) func spellsAnyNumberOfBytesInBothOrders(_ count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 250) }
    #expect(Hexadecimal.text(bytes) == spelt(bytes))
    for isReversed in [false, true] {
      var digits = Array("before ".utf8)
      bytes.withUnsafeBytes { Hexadecimal.append($0, isReversed: isReversed, to: &digits) }
      let expected = "before " + spelt(isReversed ? bytes.reversed() : bytes)
      #expect(String(decoding: digits, as: UTF8.self) == expected)
    }
  }

  @Test func spellsEveryByteAndReadsItBack() {
    let bytes = Array(UInt8.min...UInt8.max)
    #expect(Hexadecimal.text(bytes) == spelt(bytes))
    #expect(Hexadecimal.text(bytes.lazy.filter { $0 > 9 }) == spelt(10...255))
    #expect(Hexadecimal.bytes(spelt(bytes)) == bytes)
  }
}
