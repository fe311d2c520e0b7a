/// Text forms of bytes in base 16.
public enum Hexadecimal {
  /// The bytes in order, two lower-case digits each.
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    var digits: [UInt8] = []
    append(bytes, to: &digits)
    return String(decoding: digits, as: UTF8.self)
  }

  /// The number in lower-case digits at its type's full width, the most significant first.
  public static func text(_ number: some FixedWidthInteger) -> String {
    var bytes: [UInt8] = []
    bytes.appendBig(number)
    return text(bytes)
  }

  /// Appends the digits of the bytes in order, in the same form as `text`.
  @inlinable
  public static func append(_ bytes: some Sequence<UInt8>, to digits: inout [UInt8]) {
    if bytes.withContiguousStorageIfAvailable({ append(UnsafeRawBufferPointer($0), to: &digits) }) == nil {
      Array(bytes).withUnsafeBytes { append($0, to: &digits) }
    }
  }

  /// Appends the digits of the bytes in memory order.
  ///
  /// - Parameter isReversed: whether to start with the last byte.
  public static func append(
    _ bytes: UnsafeRawBufferPointer,
    isReversed: Bool = false,
    to digits: inout [UInt8]
  ) {
    let start = digits.count
    digits.append(contentsOf: repeatElement(0, count: 2 * bytes.count))
    digits.withUnsafeMutableBytes { digits in
      var index = 0
      while index <= bytes.count - 4 {
        let place = isReversed ? bytes.count - 4 - index : index
        let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
        let spelt = spell(isReversed ? UInt32(littleEndian: word) : UInt32(bigEndian: word))
        digits.storeBytes(of: spelt.bigEndian, toByteOffset: start + 2 * index, as: UInt64.self)
        index += 4
      }
      for index in index..<bytes.count {
        let byte = bytes[isReversed ? bytes.count - 1 - index : index]
        digits[start + 2 * index] = digit(byte >> 4)
        digits[start + 2 * index + 1] = digit(byte & 15)
      }
    }
  }

  /// The eight digits of a number, the first in the highest byte.
  private static func spell(_ number: UInt32) -> UInt64 {
    // Spread the number to four bits a byte, then add 39 more for a letter than for a digit.
    var value = UInt64(number)
    value = (value | value << 16) & 0x0000_ffff_0000_ffff
    value = (value | value << 8) & 0x00ff_00ff_00ff_00ff
    value = (value | value << 4) & 0x0f0f_0f0f_0f0f_0f0f
    let isLetter = (value + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return value + 0x3030_3030_3030_3030 + isLetter * 39
  }

  /// Parses pairs of hexadecimal digits of either case; nil for any other text.
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
