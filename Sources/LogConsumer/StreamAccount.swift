import LogProtocol
import Observations

/// What a consumer got, and what it did not.
public struct StreamAccount: Equatable, Sendable {
  /// Records handed to the handler.
  public internal(set) var records: UInt64 = 0
  /// Records that are missing, among those that were asked for: those that gap records name, and those that neither the
  /// files nor the stream had when one followed the other.
  public internal(set) var missed: UInt64 = 0
  /// Records whose bodies this version cannot read, by type. They are skipped.
  public internal(set) var unreadable: [RecordType: UInt64] = [:]
  /// Bytes of files that are no records.
  public internal(set) var damagedBytes: UInt64 = 0
  /// How often the log server was gone for a while: nobody knows what it did not send meanwhile.
  public internal(set) var interruptions = 0

  /// Creates an account of nothing.
  public init() {}

  /// Whether nothing that was asked for is missing. What cannot be read is not missing.
  public var isWhole: Bool { missed == 0 && damagedBytes == 0 && interruptions == 0 }

  /// How many records were skipped because this version cannot read them.
  public var unreadableCount: UInt64 { unreadable.values.reduce(0, +) }

  mutating func note(missing count: UInt64) {
    let (sum, overflows) = missed.addingReportingOverflow(count)
    missed = overflows ? .max : sum
  }
}
