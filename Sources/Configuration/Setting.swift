/// One value of a configuration file, before it is known what it should be.
struct Setting: Sendable {
  /// The values libconfig knows; its arrays and lists are both `list`.
  indirect enum Value: Sendable {
    case group([Setting])
    case list([Setting])
    case integer(Int64)
    /// A whole number written in hexadecimal, as its bits: 32 or 64 of them.
    case hexadecimal(UInt64)
    case float(Double)
    case text(String)
    case boolean(Bool)
  }

  /// The last part of the key; empty for the root and for elements of lists.
  let name: String

  /// What was written.
  let value: Value

  /// Where it was written.
  let origin: ConfigurationError.Origin

  /// What was written, for a person: "the text \"abc\"", "a list".
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
