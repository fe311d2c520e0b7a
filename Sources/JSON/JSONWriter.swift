import Bytes

/// Writes one JSON object (RFC 8259) on one line, member by member, without an intermediate form.
///
/// Names are not checked: each must be unique and free of characters that need an escape. Strings may have
/// any characters, and are safe to print on a terminal.
public struct JSONWriter {
  @usableFromInline private(set) var bytes: [UInt8]
  @usableFromInline var isFirst = true

  /// Starts an object.
  public init() { bytes = [UInt8(ascii: "{")] }

  /// Starts an object at the end of `bytes`. The writer takes over the array without a copy, until
  /// `finish(into:)` returns it.
  public init(taking bytes: inout [UInt8]) {
    self.bytes = []
    swap(&self.bytes, &bytes)
    self.bytes.append(UInt8(ascii: "{"))
  }

  /// Writes a string; null for nil.
  public mutating func member(_ name: StaticString, _ value: String?) {
    key(name)
    if let value { Self.append(value, to: &bytes) } else { null() }
  }

  /// Writes a string that `write` appends. It must be free of characters that need an escape.
  @inlinable
  public mutating func member(_ name: StaticString, plain write: (inout [UInt8]) -> Void) {
    key(name)
    bytes.append(UInt8(ascii: "\""))
    write(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes a whole number of any size; null for nil.
  @inlinable
  public mutating func member<T: BinaryInteger>(_ name: StaticString, _ value: T?) {
    key(name)
    if let value { append(value) } else { null() }
  }

  /// Writes a number; null for nil, infinity and NaN.
  public mutating func member(_ name: StaticString, _ value: Double?) {
    key(name)
    if let value, value.isFinite { bytes += "\(value)".utf8 } else { null() }
  }

  /// Writes true or false; null for nil.
  public mutating func member(_ name: StaticString, _ value: Bool?) {
    key(name)
    if let value { bytes += (value ? "true" : "false").utf8 } else { null() }
  }

  /// Writes a list of strings; null for nil.
  public mutating func member(_ name: StaticString, _ values: [String]?) {
    key(name)
    if let values { list(values) { Self.append($1, to: &$0.bytes) } } else { null() }
  }

  /// Writes bytes as a string, two hexadecimal digits a byte, in order; null for nil.
  public mutating func hexadecimal(_ name: StaticString, _ value: [UInt8]?) {
    key(name)
    if let value { append(hexadecimal: value) } else { null() }
  }

  /// Writes bytes as a string, two hexadecimal digits a byte, in order.
  public mutating func hexadecimal(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    member(name, plain: { Hexadecimal.append(value, to: &$0) })
  }

  /// Writes a list of byte arrays, each as a string of two hexadecimal digits a byte.
  public mutating func hexadecimal(_ name: StaticString, _ values: [[UInt8]]) {
    key(name)
    list(values) { $0.append(hexadecimal: $1) }
  }

  /// Writes a list of whole numbers.
  @inlinable
  public mutating func member<T: BinaryInteger>(_ name: StaticString, _ values: [T]) {
    key(name)
    list(values) { $0.append($1) }
  }

  /// Writes a list of strings that `write` appends. They must be free of characters that need an escape.
  @inlinable
  public mutating func member<T>(
    _ name: StaticString,
    _ values: [T],
    plain write: (inout [UInt8], T) -> Void
  ) {
    key(name)
    list(values) { writer, value in
      writer.bytes.append(UInt8(ascii: "\""))
      write(&writer.bytes, value)
      writer.bytes.append(UInt8(ascii: "\""))
    }
  }

  /// Writes a nested object.
  @inlinable
  public mutating func object(_ name: StaticString, _ content: (inout JSONWriter) -> Void) {
    key(name)
    nest(content)
  }

  /// Writes a list of objects.
  @inlinable
  public mutating func objects<T>(
    _ name: StaticString,
    _ values: [T],
    _ content: (inout JSONWriter, T) -> Void
  ) {
    key(name)
    list(values) { writer, value in writer.nest { content(&$0, value) } }
  }

  /// Ends the object and returns all bytes, without a line feed.
  public consuming func finish() -> [UInt8] {
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  /// Ends the object and returns the bytes of `init(taking:)` with the object appended. Do not use the writer
  /// afterwards.
  public mutating func finish(into output: inout [UInt8]) {
    bytes.append(UInt8(ascii: "}"))
    output = []
    swap(&bytes, &output)
  }

  @usableFromInline
  mutating func key(_ name: StaticString) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  @usableFromInline
  mutating func null() { bytes += "null".utf8 }

  @inlinable
  mutating func append<T: BinaryInteger>(_ value: T) {
    if let value = UInt64(exactly: value) { append(digits: value) } else { bytes += String(value).utf8 }
  }

  @usableFromInline
  mutating func append(digits value: UInt64) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var start = digits.count
      var rest = value
      repeat {
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
    }
  }

  private mutating func append(hexadecimal value: [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    value.withUnsafeBytes { Hexadecimal.append($0, to: &bytes) }
    bytes.append(UInt8(ascii: "\""))
  }

  @inlinable
  mutating func list<T>(_ values: [T], _ write: (inout JSONWriter, T) -> Void) {
    bytes.append(UInt8(ascii: "["))
    var isFirst = true
    for value in values {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      write(&self, value)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  @inlinable
  mutating func nest(_ content: (inout JSONWriter) -> Void) {
    let outer = isFirst
    isFirst = true
    bytes.append(UInt8(ascii: "{"))
    content(&self)
    bytes.append(UInt8(ascii: "}"))
    isFirst = outer
  }

  /// Appends a JSON string. Also escapes characters that a terminal does not display.
  public static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { append(escaping: $0, to: &bytes) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends valid UTF-8 with escapes. Runs of plain bytes, nearly everything, are appended in one step.
  private static func append(escaping text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex { !isPlain($0) } ?? text.count
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<end]))
      guard end < text.count else { return }
      let count = text[end] < 0x80 ? 1 : (~text[end]).leadingZeroBitCount
      let character = UnsafeBufferPointer(rebasing: text[end..<end + count])
      for scalar in String(decoding: character, as: UTF8.self).unicodeScalars { append(scalar, to: &bytes) }
      start = end + count
    }
  }

  /// Whether a byte is a character that needs no check and no escape.
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte &- 0x20 < 0x5f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    switch scalar {
    case "\"", "\\": bytes += [UInt8(ascii: "\\"), UInt8(scalar.value)]
    case "\n": bytes += "\\n".utf8
    case _ where isShown(scalar): bytes += UTF8.encode(scalar)!
    default: for unit in UTF16.encode(scalar)! { escape(unit, &bytes) }
    }
  }

  private static func escape(_ unit: UInt16, _ bytes: inout [UInt8]) {
    let digits = String(unit, radix: 16)
    bytes += "\\u".utf8
    bytes += repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count)
    bytes += digits.utf8
  }

  private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
    default: true
    }
  }
}
