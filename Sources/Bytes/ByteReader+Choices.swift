extension ByteReader {
  /// Reads a byte that is 0 or 1.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func flag(_ field: StaticString) throws(WireError) -> Bool {
    let value = try big(UInt8.self, field)
    guard value <= 1 else {
      throw WireError(.invalid("is \(value), neither 0 nor 1"), field: field, offset: offset - 1)
    }
    return value == 1
  }

  /// Reads a byte that is the raw value of one of an enumeration's cases.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func choice<T: RawRepresentable<UInt8>>(_ field: StaticString) throws(WireError) -> T {
    let value = try big(UInt8.self, field)
    guard let choice = T(rawValue: value) else {
      throw WireError(.invalid("is \(value), which has no meaning"), field: field, offset: offset - 1)
    }
    return choice
  }
}
