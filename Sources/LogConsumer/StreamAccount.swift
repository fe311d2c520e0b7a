import LogProtocol
import Observations

/// Counts of the records that a consumer received, missed or could not read.
public struct StreamAccount: Equatable, Sendable {
  /// Records handed to the handler.
  public internal(set) var records: UInt64 = 0
  /// Records missing among those asked for: those that gap records name, and those that neither the files nor
  /// the stream had at the change from one to the other.
  public internal(set) var missed: UInt64 = 0
  /// Records whose bodies this version cannot decode, by type. They are skipped.
  public internal(set) var unreadable: [RecordType: UInt64] = [:]
  /// Bytes of files that are no records.
  public internal(set) var damagedBytes: UInt64 = 0
  /// Number of times that the connection to the log server was lost. The records forwarded meanwhile
  /// are missing, and not counted.
  public internal(set) var interruptions = 0

  /// Creates an empty account.
  public init() {}

  /// Whether nothing that was asked for is missing. Records that cannot be decoded are not missing.
  public var isWhole: Bool { missed == 0 && damagedBytes == 0 && interruptions == 0 }

  /// The number of records skipped because this version cannot decode them.
  public var unreadableCount: UInt64 { unreadable.values.reduce(0, +) }

  mutating func note(missing count: UInt64) {
    let (sum, overflows) = missed.addingReportingOverflow(count)
    missed = overflows ? .max : sum
  }
}
