import Bytes

extension ServiceFlags: LosslessStringConvertible {
  /// All services with a name.
  public static let known: ServiceFlags = {
    let bits = (0..<64).filter { !name(bit: $0).hasPrefix("bit ") }
    return ServiceFlags(rawValue: bits.reduce(0) { $0 | 1 << UInt64($1) })
  }()

  /// Parses names separated by `,` or `|`, in either case (`NONE` for none, `bit 24` or `bit24` for a bit
  /// without a name), or a number: decimal, hexadecimal after `0x`, or exactly 16 hexadecimal digits. Nil for
  /// any other text.
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
  /// Parses a decimal number, a hexadecimal number after `0x`, or exactly 16 hexadecimal digits, the most
  /// significant first (the fixed form in JSON).
  init?(fixedText text: String) { self.init(fixedText: text, digits: 16) }

  /// Likewise, with `digits` as the length of the fixed form.
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
