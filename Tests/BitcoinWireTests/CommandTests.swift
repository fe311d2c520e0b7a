import BitcoinWire
import Bytes
import Testing

@Suite struct CommandTests {
  @Test(arguments: [
    ("76657261636b000000000000", "verack", true), ("000000000000000000000000", "", true),
    ("66696c746572636c65617231", "filterclear1", true), ("612062000000000000000000", "a b", true),
    ("610062000000000000000000", #"a\x00b"#, false), ("1b5b32004a00000000000000", #"\x1b[2\x00J"#, false),
    ("615c62000000000000000000", #"a\\b"#, true), ("616263646566676869006b00", #"abcdefghi\x00k"#, false),
    ("6162636465666768696a6b6c", "abcdefghijkl", true),
    ("61626364656667680000006c", #"abcdefgh\x00\x00\x00l"#, false),
    ("c3a900000000000000000000", #"\xc3\xa9"#, false), ("61000000000000000000007f", nil, false),
  ])
  func keepsItsBytes(_ hex: String, text: String?, valid: Bool) {
    let bytes = Samples.hex(hex)
    let command = Command(bytes.span.bytes)
    #expect(command.bytes == bytes)
    #expect(command.isValid == valid)
    if let text { #expect(command.description == text) }
  }

  @Test func isMadeOfAName() {
    let name = "ping"
    #expect(Command(name) == .ping)
    for refused in ["", "thirteenchars", "é", "a\n"] { #expect(Command(refused) == nil) }
  }
}
