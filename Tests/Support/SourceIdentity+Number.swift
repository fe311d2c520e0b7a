import LogProtocol

extension SourceIdentity {
  /// The identity that has a number, the same each time.
  public init(number: UInt64) {
    let bytes = (0..<SourceSecret.size).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0 % 8))) }
    self.init(SourceSecret(bytes)!)!
  }
}
