/// Text forms of bytes in base 16.
public enum Hexadecimal {
  /// The bytes in order, two lower-case digits each.
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    var digits: [UInt8] = []
    append(bytes, to: &digits)
    return String(decoding: digits, as: UTF8.self)
  }

  /// The number in as many lower-case digits as it may have, the first the most significant.
  public static func text(_ number: some FixedWidthInteger) -> String {
    var bytes: [UInt8] = []
    bytes.appendBig(number)
    return text(bytes)
  }

  /// Appends the digits of the bytes in order, as `text` has them.
  public static func append(_ bytes: some Sequence<UInt8>, to digits: inout [UInt8]) {
    digits.reserveCapacity(digits.count + bytes.underestimatedCount * 2)
    for byte in bytes {
      digits.append(digit(byte >> 4))
      digits.append(digit(byte & 15))
    }
  }

  /// The bytes that `text` spells, two digits of either case each; nil where it spells none.
  public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      result.append(high << 4 | low)
    }
    return result
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
