import Bytes

/// The state of a machine's clock, as its kernel reports it.
///
/// Layout: i64 offset in ns, u64 error bound in ns, u8 1 if it is synchronised.
public struct ClockState: Equatable, Sendable {
  /// The kernel's last estimate of the clock's error, in ns.
  public var offset: Int64
  /// The largest error that the kernel thinks possible, in ns.
  public var errorBound: UInt64
  /// Whether a time service synchronises the clock.
  public var isSynchronised: Bool

  /// Creates a state.
  public init(offset: Int64, errorBound: UInt64, isSynchronised: Bool) {
    self.offset = offset
    self.errorBound = errorBound
    self.isSynchronised = isSynchronised
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    offset = try reader.big("offset")
    errorBound = try reader.big("error bound")
    isSynchronised = try reader.big(UInt8.self, "synchronised") != 0
  }

  func write(to bytes: inout [UInt8]) {
    bytes.appendBig(offset)
    bytes.appendBig(errorBound)
    bytes.append(isSynchronised ? 1 : 0)
  }
}
