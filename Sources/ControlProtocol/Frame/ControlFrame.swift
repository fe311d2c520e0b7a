import Bytes

/// What every message of the control protocol, of any version, begins with; its payload follows.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 1 | version of the protocol |
/// | 1 | 4 | length of the payload in bytes, big-endian |
/// | 5 | 1 | type, by version |
public struct ControlFrame: Hashable, Sendable {
  /// Bytes before the payload.
  public static let headerSize = 6

  /// The version that this framework's own clients prefer.
  public static let currentVersion: UInt8 = 3

  /// The versions that are alike but for events about how connections ended: those of version 2 have words, those of
  /// version 3 codes.
  public static let nativeVersions: ClosedRange<UInt8> = 2...3

  /// The longest payload accepted where nothing else is said, in bytes: the longest Bitcoin message and a
  /// million connections to send it to.
  public static let maximumPayloadCount = 8 << 20

  /// Version of the protocol: 0 is coinscope's, 1 is reserved, 2 and 3 are ours.
  public var version: UInt8

  /// What the payload is, as the version numbers it.
  public var type: UInt8

  /// Bytes of the payload.
  public var payloadCount: Int

  /// Describes a frame.
  public init(version: UInt8, type: UInt8, payloadCount: Int) {
    self.version = version
    self.type = type
    self.payloadCount = payloadCount
  }

  /// Bytes of the whole frame.
  public var count: Int { Self.headerSize + payloadCount }

  /// Where the payload is, counted from the start of the frame.
  public var payload: Range<Int> { Self.headerSize..<count }

  /// The bytes of a whole frame.
  public static func bytes(version: UInt8, type: UInt8, payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [version]
    bytes.reserveCapacity(headerSize + payload.count)
    bytes.appendBig(UInt32(payload.count))
    bytes.append(type)
    bytes.append(contentsOf: payload)
    return bytes
  }

  /// The bytes of a whole frame of version 2 or 3, whose payload begins with the request's id.
  static func bytes(version: UInt8, type: UInt8, id: UInt32, write: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes: [UInt8] = [version, 0, 0, 0, 0, type]
    bytes.appendBig(id)
    write(&bytes)
    bytes.replaceBig(UInt32(bytes.count - headerSize), at: 1)
    return bytes
  }
}
