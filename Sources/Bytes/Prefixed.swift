extension ByteReader {
  /// Reads a text with its length in bytes before it (u16); bytes that are not UTF-8 are replaced.
  @_lifetime(self: copy self)
  public mutating func text(_ field: StaticString) throws(WireError) -> String {
    String(decoding: try prefixedBytes(field), as: UTF8.self)
  }

  /// Reads bytes with their count before them (u16).
  @_lifetime(self: copy self)
  public mutating func prefixedBytes(_ field: StaticString) throws(WireError) -> [UInt8] {
    try array(Int(try big(UInt16.self, field)), field)
  }
}

extension Array where Element == UInt8 {
  /// Appends a text with its length in bytes before it (u16); what exceeds 65,535 bytes is left out.
  public mutating func appendText(_ text: String) { appendPrefixed(Array(text.utf8)) }

  /// Appends bytes with their count before them (u16); what exceeds 65,535 bytes is left out.
  @inlinable
  public mutating func appendPrefixed(_ bytes: some Collection<UInt8>) {
    appendBig(UInt16(clamping: bytes.count))
    append(contentsOf: bytes.prefix(Int(UInt16.max)))
  }
}
