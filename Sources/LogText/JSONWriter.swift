/// Writes one JSON object on one line, without any intermediate form.
struct JSONWriter {
  private(set) var bytes: [UInt8]
  private var isFirst = true

  /// Begins an object at the end of `bytes`.
  init(continuing bytes: [UInt8] = []) {
    self.bytes = bytes
    self.bytes.append(UInt8(ascii: "{"))
  }

  mutating func member(_ name: StaticString, _ value: String) {
    key(name)
    Self.append(value, to: &bytes)
  }

  mutating func member(_ name: StaticString, _ value: some BinaryInteger) {
    key(name)
    bytes += String(value).utf8
  }

  mutating func member(_ name: StaticString, _ value: Bool) {
    key(name)
    bytes += (value ? "true" : "false").utf8
  }

  mutating func member(_ name: StaticString, _ values: [String]) {
    key(name)
    list(values) { Self.append($1, to: &$0.bytes) }
  }

  /// Writes an object in the object.
  mutating func object(_ name: StaticString, _ content: (inout JSONWriter) -> Void) {
    key(name)
    nest(content)
  }

  /// Writes a list of objects.
  mutating func objects<T>(
    _ name: StaticString,
    _ values: [T],
    _ content: (inout JSONWriter, T) -> Void
  ) {
    key(name)
    list(values) { writer, value in writer.nest { content(&$0, value) } }
  }

  /// Ends the object; the line feed is the caller's.
  consuming func finish() -> [UInt8] {
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
  static func append(_ text: String, to bytes: inout [UInt8]) {
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
