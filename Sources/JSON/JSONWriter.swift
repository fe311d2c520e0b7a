import Bytes

/// Writes one JSON object (RFC 8259) on one line, without any intermediate form, its members in the order in
/// which they are written.
///
/// Names are not checked: they are written once each, and have nothing in them that would have to be escaped.
/// Texts can be anything, and are safe to print on a terminal.
public struct JSONWriter {
  @usableFromInline private(set) var bytes: [UInt8]
  @usableFromInline var isFirst = true

  /// Begins an object.
  public init() { bytes = [UInt8(ascii: "{")] }

  /// Begins an object at the end of `bytes`, which it takes until `finish(into:)` gives them back: nothing is copied.
  public init(taking bytes: inout [UInt8]) {
    self.bytes = []
    swap(&self.bytes, &bytes)
    self.bytes.append(UInt8(ascii: "{"))
  }

  /// Writes a text; null where there is none.
  public mutating func member(_ name: StaticString, _ value: String?) {
    key(name)
    if let value { Self.append(value, to: &bytes) } else { null() }
  }

  /// Writes a text that `write` appends. It must have nothing in it that would have to be escaped.
  @inlinable
  public mutating func member(_ name: StaticString, plain write: (inout [UInt8]) -> Void) {
    key(name)
    bytes.append(UInt8(ascii: "\""))
    write(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes a whole number of any size; null where there is none.
  @inlinable
  public mutating func member<T: BinaryInteger>(_ name: StaticString, _ value: T?) {
    key(name)
    if let value { append(value) } else { null() }
  }

  /// Writes a number; null where there is none, or one that JSON does not have (infinite, or none at all).
  public mutating func member(_ name: StaticString, _ value: Double?) {
    key(name)
    if let value, value.isFinite { bytes += "\(value)".utf8 } else { null() }
  }

  /// Writes true or false; null where it is neither.
  public mutating func member(_ name: StaticString, _ value: Bool?) {
    key(name)
    if let value { bytes += (value ? "true" : "false").utf8 } else { null() }
  }

  /// Writes a list of texts; null where there is none.
  public mutating func member(_ name: StaticString, _ values: [String]?) {
    key(name)
    if let values { list(values) { Self.append($1, to: &$0.bytes) } } else { null() }
  }

  /// Writes bytes as a text of two hexadecimal digits each, in order; null where there are none.
  public mutating func hexadecimal(_ name: StaticString, _ value: [UInt8]?) {
    key(name)
    if let value { append(hexadecimal: value) } else { null() }
  }

  /// Writes bytes as a text of two hexadecimal digits each, in order.
  public mutating func hexadecimal(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    member(name, plain: { Hexadecimal.append(value, to: &$0) })
  }

  /// Writes a list of bytes, each as a text of two hexadecimal digits a byte.
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

  /// Writes a list of texts that `write` appends. They must have nothing in them that would have to be escaped.
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

  /// Writes an object in the object.
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

  /// Ends the object, and returns all bytes; the line feed is the caller's.
  public consuming func finish() -> [UInt8] {
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  /// Ends the object, and gives the bytes back that `init(taking:)` took, with the object behind them; the writer must
  /// not be used any more.
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

  /// Appends a JSON string. Whatever a terminal would not show as a character is escaped too.
  public static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { append(escaping: $0, to: &bytes) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends valid UTF-8 with what is not shown escaped: what needs no look, nearly everything, in one piece.
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

  /// Whether a byte is a character that stands for itself.
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
