/// Base 32 of RFC 4648, in lower case and without padding, as in onion and I2P names.
enum Base32 {
  /// Encodes bytes, five bits a character; pads the last character with zero bits.
  static func text(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    var bits = 0
    var pending: UInt32 = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        result.append(character(UInt8(pending >> UInt32(bits) & 31)))
      }
    }
    if bits > 0 { result.append(character(UInt8(pending << UInt32(5 - bits) & 31))) }
    return String(decoding: result, as: UTF8.self)
  }

  /// Decodes text of either case; nil if it is not base 32, or if the unused last bits are not zero.
  static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var bits = 0
    var pending: UInt32 = 0
    for character in text {
      guard let value = value(character) else { return nil }
      pending = pending << 5 | UInt32(value)
      bits += 5
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
      }
    }
    guard bits < 5, pending & (1 << UInt32(bits) - 1) == 0 else { return nil }
    return result
  }

  private static func character(_ value: UInt8) -> UInt8 {
    value < 26 ? UInt8(ascii: "a") + value : UInt8(ascii: "2") + value - 26
  }

  private static func value(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a")
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "2")...UInt8(ascii: "7"): character - UInt8(ascii: "2") + 26
    default: nil
    }
  }
}
