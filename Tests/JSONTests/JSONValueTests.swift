import JSON
import Testing

@Suite struct JSONValueTests {
  @Test func readsEveryKind() throws {
    let value = try JSONValue(
      #" {"a" : [1, -2.5e+3, 18446744073709551615, true, false, null], "b":{"c":"d"}, "e":[]} "#
    )
    #expect(
      value
        == .object([
          "a": .array([
            .number("1"), .number("-2.5e+3"), .number("18446744073709551615"), .bool(true), .bool(false),
            .null,
          ]),
          "b": .object(["c": .string("d")]), "e": .array([]),
        ])
    )
  }

  @Test func readsEscapes() throws {
    #expect(try JSONValue(#""\"\\\/\b\f\n\r\té😀 →""#) == .string("\"\\/\u{8}\u{c}\n\r\té😀 →"))
  }

  @Test(arguments: [
    "", " ", "{", "[", "\"", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "-", "1.", "1e", "+1", "tru",
    "nul", "1 2",
    "[1", "{\"a\":1", #""\x""#, #""\u12"#, #""\ud83d""#, #""\ud83dA""#, #""\u+123""#, "\"\u{1}\"", "[1]]",
    String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
  ])
  func refuses(_ text: String) {
    #expect(throws: JSONValue.Failure.self) { try JSONValue(text) }
  }

  @Test func readsWhatTheWriterWrites() throws {
    var json = JSONWriter()
    json.member("text", "a\u{1}\"\\\n\u{202e}😀é")
    json.member("number", UInt64.max)
    json.member("list", ["x", ""])
    json.member("nothing", nil as String?)
    #expect(
      try JSONValue(String(decoding: json.finish(), as: UTF8.self))
        == .object([
          "text": .string("a\u{1}\"\\\n\u{202e}😀é"), "number": .number("18446744073709551615"),
          "list": .array([.string("x"), .string("")]), "nothing": .null,
        ])
    )
  }
}
