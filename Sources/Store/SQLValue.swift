import Bytes

/// A value of a row, in either database.
public enum SQLValue: Hashable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case bytes([UInt8])

  /// An integer, clamped to 64 bits.
  public static func number(_ value: some BinaryInteger) -> SQLValue { .integer(Int64(clamping: value)) }

  /// An integer; null for nil.
  public static func optional(_ value: (some BinaryInteger)?) -> SQLValue {
    value.map { .number($0) } ?? .null
  }

  /// A text; null for nil.
  public static func optional(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }

  /// A floating-point number; null for nil.
  public static func optional(_ value: Double?) -> SQLValue { value.map { .real($0) } ?? .null }

  /// The integer; nil for other types.
  public var integer: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }

  /// The number as a floating-point number; nil for other types.
  public var real: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .real(let number): number
    case .null, .text, .bytes: nil
    }
  }

  /// The text; nil for other types.
  public var string: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// The value as text; empty for null, bytes in hexadecimal.
  public var description: String {
    switch self {
    case .null: ""
    case .integer(let number): "\(number)"
    case .real(let number): "\(number)"
    case .text(let text): text
    case .bytes(let bytes): Hexadecimal.text(bytes)
    }
  }
}
