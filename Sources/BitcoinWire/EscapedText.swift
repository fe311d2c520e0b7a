/// Text forms of bytes from a peer: safe to print on a terminal, and reversible.
///
/// A backslash is doubled; every other escaped byte becomes `\xNN`.
public enum EscapedText {
  /// `bytes` with everything except printable ASCII escaped.
  public static func ascii(_ bytes: some Sequence<UInt8>) -> String {
    var result: [UInt8] = []
    for byte in bytes { append(byte, to: &result) }
    return String(decoding: result, as: UTF8.self)
  }

  /// `bytes` as UTF-8. Escapes bytes that are not UTF-8, and characters that a terminal does not display:
  /// controls, formatting such as changes of direction, line separators.
  public static func utf8(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let length = scalarLength(bytes[index])
      let slice = bytes[index..<min(index + length, bytes.count)]
      if slice.count > 1, let text = String(validating: slice, as: UTF8.self), isShown(text) {
        result.append(contentsOf: slice)
        index += slice.count
      } else {
        append(bytes[index], to: &result)
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func append(_ byte: UInt8, to result: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\\"):
      result.append(contentsOf: [byte, byte])
    case 0x20...0x7e:
      result.append(byte)
    default:
      result.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "x")])
      for digit in [byte >> 4, byte & 15] {
        result.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }

  private static func scalarLength(_ lead: UInt8) -> Int {
    switch lead {
    case 0xc2...0xdf: 2
    case 0xe0...0xef: 3
    case 0xf0...0xf4: 4
    default: 1
    }
  }

  private static func isShown(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
      default: true
      }
    }
  }
}
