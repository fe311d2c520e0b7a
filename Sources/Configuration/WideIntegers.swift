/// Adds the suffix `L` to whole numbers that need 64 bits. Without it, libconfig before 1.7 silently
/// truncates them to 32 bits.
///
/// In included files the operator has to write the `L`.
struct WideIntegers {
  private let source: [UInt8]
  private var index = 0
  private var line = 1
  private var output: [UInt8] = []

  private init(_ text: String) {
    source = Array(text.utf8)
    output.reserveCapacity(source.count + 16)
  }

  /// The text with an `L` after every whole number beyond 32 bits. Line numbers do not change.
  ///
  /// - Throws: an error for the first number beyond 64 bits.
  static func marked(
    in text: String,
    origin: (_ line: Int) -> ConfigurationError.Origin
  ) throws(ConfigurationError) -> String {
    var scanner = WideIntegers(text)
    while let byte = scanner.peek() {
      switch byte {
      case UInt8(ascii: "\""): scanner.copyString()
      case UInt8(ascii: "#"): scanner.copyLine()
      case UInt8(ascii: "/") where scanner.peek(1) == byte: scanner.copyLine()
      case UInt8(ascii: "/") where scanner.peek(1) == UInt8(ascii: "*"): scanner.copyComment()
      case _ where Self.isLetter(byte): scanner.copyName()
      case _ where Self.isDigit(byte) || byte == UInt8(ascii: "."):
        guard scanner.copyNumber() else {
          throw ConfigurationError(
            .outOfRange,
            origin: origin(scanner.line),
            reason: "a number on this line does not fit in 64 bits",
            remedy: "write a smaller one"
          )
        }
      default: scanner.copy()
      }
    }
    return String(decoding: scanner.output, as: UTF8.self)
  }

  private func peek(_ distance: Int = 0) -> UInt8? {
    index + distance < source.count ? source[index + distance] : nil
  }

  private mutating func copy() {
    if source[index] == UInt8(ascii: "\n") { line += 1 }
    output.append(source[index])
    index += 1
  }

  private mutating func copy(while condition: (UInt8) -> Bool) {
    while let byte = peek(), condition(byte) { copy() }
  }

  private mutating func copyLine() {
    copy { $0 != UInt8(ascii: "\n") }
  }

  private mutating func copyName() {
    copy { Self.isLetter($0) || Self.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }

  private mutating func copyString() {
    copy()
    while let byte = peek(), byte != UInt8(ascii: "\"") {
      if byte == UInt8(ascii: "\\"), peek(1) != nil { copy() }
      copy()
    }
    if peek() != nil { copy() }
  }

  private mutating func copyComment() {
    copy()
    copy()
    while peek() != nil, !(peek() == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) { copy() }
    if peek() != nil {
      copy()
      copy()
    }
  }

  /// Copies a number and adds the suffix if needed. Returns false if the number does not fit into 64 bits.
  private mutating func copyNumber() -> Bool {
    let start = index
    let isHexadecimal =
      peek() == UInt8(ascii: "0") && (peek(1) == UInt8(ascii: "x") || peek(1) == UInt8(ascii: "X"))
    if isHexadecimal {
      copy()
      copy()
      copy(while: Self.isHexadecimalDigit)
    } else {
      copy(while: Self.isDigit)
      if peek() == UInt8(ascii: ".") || peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
        copyFraction()
        return true
      }
    }
    let digits = String(decoding: source[(isHexadecimal ? start + 2 : start)..<index], as: UTF8.self)
    if digits.isEmpty { return true }
    guard let value = UInt64(digits, radix: isHexadecimal ? 16 : 10) else { return false }
    // A minus sign has been copied before.
    let isNegative = start > 0 && source[start - 1] == UInt8(ascii: "-")
    if !isHexadecimal, value > UInt64(Int64.max) + (isNegative ? 1 : 0) { return false }
    let isMarked = peek() == UInt8(ascii: "L")
    let fits = isHexadecimal ? value <= UInt64(UInt32.max) : value <= UInt64(Int32.max)
    if !isMarked, !fits { output.append(UInt8(ascii: "L")) }
    copy { $0 == UInt8(ascii: "L") }
    return true
  }

  private mutating func copyFraction() {
    while let byte = peek() {
      let isExponent = byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
      guard isExponent || byte == UInt8(ascii: ".") || Self.isDigit(byte) else { return }
      copy()
      if isExponent, let sign = peek(), sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { copy() }
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return isDigit(byte) || (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "f"))
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")) || byte == UInt8(ascii: "*")
  }
}
