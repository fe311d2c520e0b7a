/// A value of a row, in either database.
public enum NodeValue: Hashable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)

  /// A number; the largest of 64 bits where it is larger.
  public static func number(_ value: some BinaryInteger) -> NodeValue { .integer(Int64(clamping: value)) }

  /// A number; null where there is none.
  public static func optional(_ value: (some BinaryInteger)?) -> NodeValue {
    value.map { .number($0) } ?? .null
  }

  /// A text; null where there is none.
  public static func optional(_ value: String?) -> NodeValue { value.map { .text($0) } ?? .null }

  /// A number; null where there is none.
  public static func optional(_ value: Double?) -> NodeValue { value.map { .real($0) } ?? .null }

  /// The whole number that it is, if it is one.
  public var integer: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }

  /// The number that it is, if it is one.
  public var real: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .real(let number): number
    case .null, .text: nil
    }
  }

  /// The text that it is, if it is one.
  public var string: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// Its text, whatever it is; empty for null.
  public var description: String {
    switch self {
    case .null: ""
    case .integer(let number): "\(number)"
    case .real(let number): "\(number)"
    case .text(let text): text
    }
  }
}
