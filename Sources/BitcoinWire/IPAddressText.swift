/// Text forms of IP addresses.
enum IPAddressText {
  /// `1.2.3.4`; the first number is the highest byte of `address`.
  static func ipv4(_ address: UInt32) -> String {
    // Fits into a String without an allocation.
    String(unsafeUninitializedCapacity: 15) { text in
      var count = 0
      func append(_ byte: UInt8) {
        text[count] = byte
        count += 1
      }
      for shift in stride(from: 24, through: 0, by: -8) {
        let number = UInt8(truncatingIfNeeded: address >> shift)
        if number >= 100 { append(UInt8(ascii: "0") + number / 100) }
        if number >= 10 { append(UInt8(ascii: "0") + number / 10 % 10) }
        append(UInt8(ascii: "0") + number % 10)
        if shift > 0 { append(UInt8(ascii: ".")) }
      }
      return count
    }
  }

  /// The form of RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as
  /// `::`. The last 32 bits of an IPv4-mapped address are written as IPv4.
  static func ipv6(_ address: UInt128) -> String {
    if address >> 32 == 0xffff { return "::ffff:" + ipv4(UInt32(truncatingIfNeeded: address)) }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: address >> (112 - 16 * $0)) }
    let run = longestZeroRun(groups)
    guard run.count >= 2 else { return spell(groups[...]) }
    return spell(groups[..<run.lowerBound]) + "::" + spell(groups[run.upperBound...])
  }

  /// Parses four decimal numbers up to 255 without leading zeros.
  static func parseIPv4(_ text: some Collection<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard let byte = decimal(part, maximum: 255) else { return nil }
      address = address << 8 | UInt32(byte)
    }
    return address
  }

  /// Parses any form that RFC 4291 allows, without brackets, prefix length or scope.
  static func parseIPv6(_ text: some Collection<UInt8>) -> UInt128? {
    let text = Array(text)
    let colon = UInt8(ascii: ":")
    guard let gap = text.indices.dropLast().first(where: { text[$0] == colon && text[$0 + 1] == colon })
    else {
      guard let groups = groups(text[...]), groups.count == 8 else { return nil }
      return number(groups)
    }
    guard let head = groups(text[..<gap], mayEndInIPv4: false), let tail = groups(text[(gap + 2)...]),
      head.count + tail.count < 8
    else { return nil }
    return number(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
  }

  /// Parses a decimal number of at most 10 digits, without a sign or leading zeros; nil if it exceeds
  /// `maximum`.
  static func decimal(_ text: some Collection<UInt8>, maximum: Int) -> Int? {
    guard let first = text.first, text.count <= 10, first != UInt8(ascii: "0") || text.count == 1 else {
      return nil
    }
    var value = 0
    for digit in text {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value <= maximum ? value : nil
  }

  private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool = true) -> [UInt16]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    var result: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if mayEndInIPv4, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
        guard let address = parseIPv4(part) else { return nil }
        result.append(UInt16(truncatingIfNeeded: address >> 16))
        result.append(UInt16(truncatingIfNeeded: address))
      } else {
        guard (1...4).contains(part.count), part.first != UInt8(ascii: "+"),
          let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
        else { return nil }
        result.append(group)
      }
    }
    return result.count <= 8 ? result : nil
  }

  private static func number(_ groups: [UInt16]) -> UInt128 {
    groups.reduce(0) { $0 << 16 | UInt128($1) }
  }

  private static func spell(_ groups: ArraySlice<UInt16>) -> String {
    groups.map { String($0, radix: 16) }.joined(separator: ":")
  }

  private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
    var longest = 0..<0
    var start = 0
    for index in 0..<groups.count {
      guard groups[index] == 0 else {
        start = index + 1
        continue
      }
      if index + 1 - start > longest.count { longest = start..<index + 1 }
    }
    return longest
  }
}
