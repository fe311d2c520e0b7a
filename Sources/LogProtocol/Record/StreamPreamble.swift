import Bytes

/// The 16 bytes that a native log stream or file begins with; they may recur wherever a record may start.
///
/// Layout, big-endian: "NMLG", u16 version = 1, u16 flags = 0, u64 creation time in ns since the Unix epoch.
public enum StreamPreamble {
  /// Bytes of a preamble.
  public static let size = 16

  /// The first four bytes, read as a big-endian number: longer than any record, so that no record's
  /// length can be taken for it.
  static let mark: UInt32 = 0x4e4d_4c47

  /// The only version there is.
  static let version: UInt16 = 1

  /// The bytes of a preamble.
  ///
  /// - Parameter time: ns since the Unix epoch.
  public static func bytes(createdAt time: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBig(mark)
    bytes.appendBig(version)
    bytes.appendBig(UInt16(0))
    bytes.appendBig(time)
    return bytes
  }
}
