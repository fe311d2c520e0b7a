import Bytes

extension ServiceFlags: LosslessStringConvertible {
  /// Every service that has a name.
  public static let known: ServiceFlags = {
    let bits = (0..<64).filter { !name(bit: $0).hasPrefix("bit ") }
    return ServiceFlags(rawValue: bits.reduce(0) { $0 | 1 << UInt64($1) })
  }()

  /// Reads names with `,` or `|` between them, whatever their case (`NONE` is none, `bit 24` or `bit24` is a bit
  /// without a name); or a number: decimal, hexadecimal after `0x`, or exactly 16 hexadecimal digits. Nil where it
  /// is neither.
  public init?(_ description: String) {
    if let number = UInt64(fixedText: description) {
      self.init(rawValue: number)
      return
    }
    var value: UInt64 = 0
    for part in description.split(
      omittingEmptySubsequences: false,
      whereSeparator: { $0 == "," || $0 == "|" }
    ) {
      let name = part.uppercased()
      if name == "NONE" { continue }
      guard let bit = Self.bit(named: name) else { return nil }
      value |= 1 << UInt64(bit)
    }
    self.init(rawValue: value)
  }

  private static func bit(named name: String) -> Int? {
    if name.hasPrefix("BIT") {
      guard let bit = Int(name.dropFirst(3).drop { $0 == " " }), (0..<64).contains(bit) else { return nil }
      return bit
    }
    return (0..<64).first { Self.name(bit: $0) == name }
  }
}

extension UInt64 {
  /// Reads a decimal number, a hexadecimal one after `0x`, or, as fixed hexadecimal is written in JSON, exactly 16
  /// hexadecimal digits, the most significant first.
  init?(fixedText text: String) { self.init(fixedText: text, digits: 16) }

  /// Likewise, with another count of digits.
  init?(fixedText text: String, digits: Int) {
    if text.utf8.count == digits, let bytes = Hexadecimal.bytes(text) {
      self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    } else if text.hasPrefix("0x") {
      guard let value = UInt64(text.dropFirst(2), radix: 16) else { return nil }
      self = value
    } else {
      guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = UInt64(text) else { return nil }
      self = value
    }
  }
}
