import LogProtocol
import Observations

/// Records that a test makes up, of one source.
public protocol MadeUpRecords {
  /// The source.
  static var source: UInt32 { get }

  /// When a record is from, in ns since the Unix epoch.
  static func time(_ sequence: UInt64) -> UInt64
}

extension MadeUpRecords {
  /// A whole record.
  ///
  /// - Parameters:
  ///   - source: another source than usual.
  ///   - time: another time than its sequence's, in ns since the Unix epoch.
  public static func record(
    _ type: RecordType,
    _ sequence: UInt64,
    _ body: [UInt8],
    flags: RecordFlags = [],
    source: UInt32? = nil,
    time: UInt64? = nil,
    connection: UInt32 = 0
  ) -> [UInt8] {
    RecordHeader(
      type: type,
      flags: flags,
      source: source ?? self.source,
      time: time ?? self.time(sequence),
      sequence: sequence,
      connection: connection,
      bodyCount: 0
    ).record(body: body)
  }
}
