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
}
