extension ByteReader {
  /// Reads a text after its length in bytes (u16). Replaces bytes that are not UTF-8.
  @_lifetime(self: copy self)
  public mutating func text(_ field: StaticString) throws(WireError) -> String {
    String(decoding: try prefixedBytes(field), as: UTF8.self)
  }

  /// Reads bytes after their count (u16).
  @_lifetime(self: copy self)
  public mutating func prefixedBytes(_ field: StaticString) throws(WireError) -> [UInt8] {
    try array(Int(try big(UInt16.self, field)), field)
  }
}

extension Array where Element == UInt8 {
  /// Appends a text after its length in bytes (u16), cut to 65,535 bytes.
  public mutating func appendText(_ text: String) { appendPrefixed(Array(text.utf8)) }

  /// Appends bytes after their count (u16), cut to 65,535 bytes.
  @inlinable
  public mutating func appendPrefixed(_ bytes: some Collection<UInt8>) {
    appendBig(UInt16(clamping: bytes.count))
    append(contentsOf: bytes.prefix(Int(UInt16.max)))
  }
}
