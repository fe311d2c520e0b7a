import LogProtocol

extension SourceIdentity {
  /// Creates the identity of a number, the same in each run.
  public init(number: UInt64) {
    let bytes = (0..<SourceSecret.size).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0 % 8))) }
    self.init(SourceSecret(bytes)!)!
  }
}
