import Bytes

/// The 16 bytes at the start of a native log stream or file. They may recur wherever a record may start.
///
/// Layout, big-endian: "NMLG", u16 version = 1, u16 flags = 0, u64 creation time in ns since the Unix epoch.
public enum StreamPreamble {
  /// Bytes of a preamble.
  public static let size = 16

  /// The first four bytes as a big-endian number: above the length of any record, so the two cannot be
  /// confused.
  static let mark: UInt32 = 0x4e4d_4c47

  /// The only version so far.
  static let version: UInt16 = 1

  /// Encodes a preamble.
  ///
  /// - Parameter time: creation time in ns since the Unix epoch.
  public static func bytes(createdAt time: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBig(mark)
    bytes.appendBig(version)
    bytes.appendBig(UInt16(0))
    bytes.appendBig(time)
    return bytes
  }
}
