import Testing

@testable import JSON

@Suite struct JSONWriterTests {
  @Test func writesWhatJSONHas() {
    var json = JSONWriter()
    json.member("text", "a\"b\\c\n\u{1}é")
    json.member("none", nil as String?)
    json.member("yes", true)
    json.member("whole", -5)
    json.member("large", UInt64.max)
    json.member("number", 1.5)
    json.member("odd", Double.nan)
    json.member("unknown", nil as Double?)
    json.member("numbers", [1, 2] as [UInt32])
    json.member("texts", ["a", "b"])
    json.hexadecimal("bytes", [0, 0xff])
    json.hexadecimal("items", [[], [1]])
    json.objects("list", [true, false]) { json, isFull in if isFull { json.member("a", 1) } }
    json.object("object") { $0.object("inner") { _ in } }
    #expect(
      String(decoding: json.finish(), as: UTF8.self)
        == #"{"text":"a\"b\\c\n\u0001é","none":null,"yes":true,"whole":-5,"#
        + #""large":18446744073709551615,"number":1.5,"odd":null,"unknown":null,"#
        + #""numbers":[1,2],"texts":["a","b"],"bytes":"00ff","items":["","01"],"list":[{"a":1},{}],"object":{"inner":{}}}"#
    )
  }

  @Test func writesEveryCharacterSoThatItIsReadBackAndCanBeShown() throws {
    let scalars =
      (UInt32(0)...0x2fff).compactMap(Unicode.Scalar.init) + ["\u{ad}", "\u{feff}", "\u{1f600}", "\u{e0001}"]
    for scalar in scalars {
      let text = "a\(scalar)b"
      var json = JSONWriter()
      json.member("text", text)
      let bytes = json.finish()
      #expect(try JSONValue(String(decoding: bytes, as: UTF8.self)) == .object(["text": .string(text)]))
      // Controls stand for nothing on a terminal, and those above ASCII are two bytes that begin with c2.
      #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
      #expect(!zip(bytes, bytes.dropFirst()).contains { $0 == 0xc2 && $1 < 0xa0 })
    }
  }

  @Test func writesWholeNumbersOfAnySize() {
    var json = JSONWriter()
    json.member("least", Int64.min)
    json.member("most", UInt64.max)
    json.member("more", UInt128.max)
    json.member("none", 0)
    #expect(
      String(decoding: json.finish(), as: UTF8.self)
        == #"{"least":-9223372036854775808,"most":18446744073709551615,"#
        + #""more":340282366920938463463374607431768211455,"none":0}"#
    )
  }

  @Test func addsObjectsToBytesThatItTakesAndGivesBack() {
    var bytes = Array("[".utf8)
    for number in 1...3 {
      var json = JSONWriter(taking: &bytes)
      #expect(bytes.isEmpty)
      json.member("number", number)
      json.finish(into: &bytes)
    }
    #expect(String(decoding: bytes, as: UTF8.self) == #"[{"number":1}{"number":2}{"number":3}"#)
  }
}
