import Bytes

/// The header of a frame of the control protocol, of any version. The payload follows.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 1 | version of the protocol |
/// | 1 | 4 | length of the payload in bytes, big-endian |
/// | 5 | 1 | type, by version |
public struct ControlFrame: Hashable, Sendable {
  /// The header's size in bytes.
  public static let headerSize = 6

  /// The version that Netmine's clients prefer.
  public static let currentVersion: UInt8 = 3

  /// The native versions. They differ only in the events of ended connections: version 2 has words, version 3
  /// has outcome codes.
  public static let nativeVersions: ClosedRange<UInt8> = 2...3

  /// The default limit of the payload, in bytes: enough for the longest Bitcoin message and a million
  /// connection ids.
  public static let maximumPayloadCount = 8 << 20

  /// The protocol version: 0 is coinscope's, 1 is reserved, 2 and 3 are native.
  public var version: UInt8

  /// The type of the payload, numbered by each version.
  public var type: UInt8

  /// The payload's size in bytes.
  public var payloadCount: Int

  /// Describes a frame.
  public init(version: UInt8, type: UInt8, payloadCount: Int) {
    self.version = version
    self.type = type
    self.payloadCount = payloadCount
  }

  /// The whole frame's size in bytes.
  public var count: Int { Self.headerSize + payloadCount }

  /// The payload's byte range, counted from the start of the frame.
  public var payload: Range<Int> { Self.headerSize..<count }

  /// Encodes a whole frame.
  public static func bytes(version: UInt8, type: UInt8, payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [version]
    bytes.reserveCapacity(headerSize + payload.count)
    bytes.appendBig(UInt32(payload.count))
    bytes.append(type)
    bytes.append(contentsOf: payload)
    return bytes
  }

  /// Encodes a whole frame of version 2 or 3. Its payload begins with the request's id.
  static func bytes(version: UInt8, type: UInt8, id: UInt32, write: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes: [UInt8] = [version, 0, 0, 0, 0, type]
    bytes.appendBig(id)
    write(&bytes)
    bytes.replaceBig(UInt32(bytes.count - headerSize), at: 1)
    return bytes
  }
}
