/// Arithmetic on untrusted numbers from a file or a peer. It stops at the largest number; `+` would trap and
/// `&+` would wrap.
extension FixedWidthInteger where Self: UnsignedInteger {
  /// The sum; the largest number if it would be larger.
  @inlinable
  public func saturating(adding other: Self) -> Self {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }

  /// The product; the largest number if it would be larger.
  @inlinable
  public func saturating(multiplying other: Self) -> Self {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? .max : product
  }

  /// Adds a number; stops at the largest number.
  @inlinable
  public mutating func saturate(adding other: Self) { self = saturating(adding: other) }

  /// A saturating sum as text: `17`, or `at least 18446744073709551615` for the largest number.
  public var sumText: String { self == .max ? "at least \(self)" : "\(self)" }
}
