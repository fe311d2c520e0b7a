import LogProtocol
import Observations

/// Records of one source that a test makes up.
public protocol MadeUpRecords {
  /// The source id.
  static var source: UInt32 { get }

  /// Time of a record in ns since the Unix epoch.
  static func time(_ sequence: UInt64) -> UInt64
}

extension MadeUpRecords {
  /// Encodes a whole record.
  ///
  /// - Parameters:
  ///   - source: nil for the usual source.
  ///   - time: ns since the Unix epoch; nil for the time of its sequence number.
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
