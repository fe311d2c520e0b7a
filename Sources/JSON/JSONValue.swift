/// A parsed JSON value (RFC 8259).
public enum JSONValue: Hashable, Sendable {
  /// The value `null`.
  case null
  /// True or false.
  case bool(Bool)
  /// A number in its written form, so that no digit is lost.
  case number(String)
  /// A string.
  case string(String)
  /// An array, in order.
  case array([JSONValue])
  /// An object by member name. If a name occurs twice, the last member counts.
  case object([String: JSONValue])

  /// The reason that a text is not JSON.
  public struct Failure: Error, Hashable, CustomStringConvertible {
    /// The problem in words.
    public let problem: String
    /// The offset of the problem, in bytes from the start.
    public let offset: Int

    /// The problem and its offset.
    public var description: String { "\(problem) at byte \(offset)" }
  }

  /// The deepest nesting that is accepted.
  public static let maximumDepth = 64

  /// Parses a text that is exactly one value.
  public init(_ text: some StringProtocol) throws(Failure) {
    var parser = JSONParser(Array(text.utf8))
    self = try parser.value(depth: 0)
    try parser.finish()
  }
}

/// Parses JSON from UTF-8 bytes.
private struct JSONParser {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private func failure(_ problem: String) -> JSONValue.Failure { .init(problem: problem, offset: offset) }

  mutating func finish() throws(JSONValue.Failure) {
    skipSpace()
    if next != nil { throw failure("extra text after the value") }
  }

  mutating func value(depth: Int) throws(JSONValue.Failure) -> JSONValue {
    guard depth <= JSONValue.maximumDepth else { throw failure("nested too deep") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try members(depth))
    case UInt8(ascii: "["): return .array(try elements(depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func members(_ depth: Int) throws(JSONValue.Failure) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    offset += 1
    if takes("}") { return members }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a member's name is missing") }
      let name = try string()
      guard takes(":") else { throw failure("a colon is missing") }
      members[name] = try value(depth: depth + 1)
    } while takes(",")
    guard takes("}") else { throw failure("the end of an object is missing") }
    return members
  }

  private mutating func elements(_ depth: Int) throws(JSONValue.Failure) -> [JSONValue] {
    var elements: [JSONValue] = []
    offset += 1
    if takes("]") { return elements }
    repeat { elements.append(try value(depth: depth + 1)) } while takes(",")
    guard takes("]") else { throw failure("the end of an array is missing") }
    return elements
  }

  private mutating func string() throws(JSONValue.Failure) -> String {
    var units: [UInt8] = []
    offset += 1
    while let byte = next {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else {
          throw failure("a string is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape(&units)
      case ..<0x20: throw failure("a control character is not escaped")
      default: units.append(byte)
      }
    }
    throw failure("the end of a string is missing")
  }

  private mutating func escape(_ units: inout [UInt8]) throws(JSONValue.Failure) {
    guard let byte = next else { throw failure("the end of a string is missing") }
    offset += 1
    switch byte {
    case UInt8(ascii: "n"): units.append(0x0a)
    case UInt8(ascii: "t"): units.append(0x09)
    case UInt8(ascii: "r"): units.append(0x0d)
    case UInt8(ascii: "b"): units.append(0x08)
    case UInt8(ascii: "f"): units.append(0x0c)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
    case UInt8(ascii: "u"):
      var words = [try hexadecimal()]
      if 0xd800..<0xdc00 ~= words[0], bytes[offset...].starts(with: "\\u".utf8) {
        offset += 2
        words.append(try hexadecimal())
      }
      guard let text = String(validating: words, as: UTF16.self) else {
        throw failure("an escape is not a character")
      }
      units += text.utf8
    default: throw failure("unknown escape")
    }
  }

  private mutating func hexadecimal() throws(JSONValue.Failure) -> UInt16 {
    let digits = bytes[offset...].prefix(4)
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.count == 4, !text.hasPrefix("+"), !text.hasPrefix("-"), let word = UInt16(text, radix: 16)
    else {
      throw failure("an escape is incomplete")
    }
    offset += 4
    return word
  }

  private mutating func number() throws(JSONValue.Failure) -> String {
    let start = offset
    if next == UInt8(ascii: "-") { offset += 1 }
    let whole = digits()
    guard whole > 0 else {
      offset = start
      throw failure(next == nil ? "a value is missing" : "invalid value")
    }
    guard whole == 1 || bytes[offset - whole] != UInt8(ascii: "0") else {
      throw failure("a number begins with 0")
    }
    if next == UInt8(ascii: ".") {
      offset += 1
      guard digits() > 0 else { throw failure("a number's fraction is missing") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      guard digits() > 0 else { throw failure("a number's exponent is missing") }
    }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func digits() -> Int {
    let start = offset
    while let byte = next, (48...57).contains(byte) { offset += 1 }
    return offset - start
  }

  private mutating func word(_ text: String, _ value: JSONValue) throws(JSONValue.Failure) -> JSONValue {
    guard bytes[offset...].starts(with: text.utf8) else { throw failure("invalid value") }
    offset += text.utf8.count
    return value
  }

  private mutating func takes(_ byte: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: byte) else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { offset += 1 }
  }
}
