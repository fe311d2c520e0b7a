import BitcoinWire
import Testing

@Suite struct EscapedTextTests {
  @Test func showsWhatIsPrintable() {
    #expect(EscapedText.utf8("/Satoshi:29.0.0(ü 漢)/".utf8) == "/Satoshi:29.0.0(ü 漢)/")
    #expect(EscapedText.ascii("aü\\".utf8) == #"a\xc3\xbc\\"#)
  }

  @Test func escapesWhatIsNot() {
    #expect(EscapedText.utf8([0xe6, 0x4e, 0xc3]) == #"\xe6N\xc3"#)
    #expect(EscapedText.utf8([0xed, 0xa0, 0x80, 0xc0, 0x80]) == #"\xed\xa0\x80\xc0\x80"#)
    #expect(
      EscapedText.utf8("\u{200b}\u{2028}\u{e000}\u{9b}".utf8)
        == #"\xe2\x80\x8b\xe2\x80\xa8\xee\x80\x80\xc2\x9b"#
    )
  }
}
