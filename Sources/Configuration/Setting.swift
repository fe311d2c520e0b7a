/// A value in a configuration file, before it is matched with a key.
struct Setting: Sendable {
  /// The types of libconfig. Arrays and lists are both `list`.
  indirect enum Value: Sendable {
    case group([Setting])
    case list([Setting])
    case integer(Int64)
    /// A whole number in hexadecimal, as its 32 or 64 bits.
    case hexadecimal(UInt64)
    case float(Double)
    case text(String)
    case boolean(Bool)
  }

  /// The last part of the key; empty for the root and for elements of lists.
  let name: String

  /// The value as written.
  let value: Value

  /// Where the value was written.
  let origin: ConfigurationError.Origin

  /// The value in words, such as "the text \"abc\"" or "a list of 3".
  var found: String {
    switch value {
    case .group: "a group { … }"
    case .list(let elements): "a list of \(elements.count)"
    case .integer(let number): "the number \(number)"
    case .hexadecimal(let bits): "the number 0x" + String(bits, radix: 16, uppercase: true)
    case .float(let number): "the number \(number)"
    case .text(let text): "the text \"\(text)\""
    case .boolean(let truth): "\(truth)"
    }
  }
}
