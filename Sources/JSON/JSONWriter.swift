import Bytes

/// Writes one JSON object (RFC 8259) on one line, without any intermediate form, its members in the order in
/// which they are written.
///
/// Names are not checked: they are written once each, and have nothing in them that would have to be escaped.
/// Texts can be anything, and are safe to print on a terminal.
public struct JSONWriter {
  private(set) var bytes: [UInt8]
  private var isFirst = true

  /// Begins an object at the end of `bytes`.
  public init(continuing bytes: [UInt8] = []) {
    self.bytes = bytes
    self.bytes.append(UInt8(ascii: "{"))
  }

  /// Writes a text; null where there is none.
  public mutating func member(_ name: StaticString, _ value: String?) {
    key(name)
    if let value { Self.append(value, to: &bytes) } else { null() }
  }

  /// Writes a whole number of any size; null where there is none.
  public mutating func member<T: BinaryInteger>(_ name: StaticString, _ value: T?) {
    key(name)
    if let value { bytes += String(value).utf8 } else { null() }
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

  /// Writes a list of bytes, each as a text of two hexadecimal digits a byte.
  public mutating func hexadecimal(_ name: StaticString, _ values: [[UInt8]]) {
    key(name)
    list(values) { $0.append(hexadecimal: $1) }
  }

  /// Writes a list of whole numbers.
  public mutating func member<T: BinaryInteger>(_ name: StaticString, _ values: [T]) {
    key(name)
    list(values) { $0.bytes += String($1).utf8 }
  }

  /// Writes an object in the object.
  public mutating func object(_ name: StaticString, _ content: (inout JSONWriter) -> Void) {
    key(name)
    nest(content)
  }

  /// Writes a list of objects.
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

  private mutating func key(_ name: StaticString) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes += [UInt8(ascii: "\""), UInt8(ascii: ":")]
  }

  private mutating func null() { bytes += "null".utf8 }

  private mutating func append(hexadecimal value: [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    Hexadecimal.append(value, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func list<T>(_ values: [T], _ write: (inout JSONWriter, T) -> Void) {
    bytes.append(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(&self, value)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  private mutating func nest(_ content: (inout JSONWriter) -> Void) {
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
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": bytes += [UInt8(ascii: "\\"), UInt8(scalar.value)]
      case "\n": bytes += "\\n".utf8
      case " "..."~": bytes.append(UInt8(scalar.value))
      case _ where isShown(scalar): bytes += UTF8.encode(scalar)!
      default: for unit in UTF16.encode(scalar)! { escape(unit, &bytes) }
      }
    }
    bytes.append(UInt8(ascii: "\""))
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
