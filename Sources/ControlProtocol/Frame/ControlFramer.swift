import Bytes

/// Finds where frames of the control protocol begin and end in the bytes of a connection.
///
/// It keeps no bytes and no state: whoever reads the connection accumulates bytes from a frame's start on and
/// asks again when there are more. The version is checked from the first byte on and the length as soon as
/// it is there, so that nobody buffers what will be refused.
public struct ControlFramer: Sendable {
  /// What stands at the start of some bytes.
  public enum Piece: Hashable, Sendable {
    /// A frame that is not whole: `count` bytes, from its start, are needed at least.
    case needsMore(count: Int)
    /// A whole frame.
    case frame(ControlFrame)
    /// A frame of a version that is not taken. The connection cannot be read further.
    case unsupported(version: UInt8)
  }

  /// The versions whose frames are taken.
  public var versions: ClosedRange<UInt8>

  /// The longest payload that is taken, in bytes.
  public var maximumPayloadCount: Int

  /// Creates a framer.
  public init(
    versions: ClosedRange<UInt8> = 0...ControlFrame.currentVersion,
    maximumPayloadCount: Int = ControlFrame.maximumPayloadCount
  ) {
    self.versions = versions
    self.maximumPayloadCount = maximumPayloadCount
  }

  /// Looks at the start of `bytes`, which must be where a frame starts.
  ///
  /// After an error the connection cannot be read further.
  public func first(in bytes: UnsafeRawBufferPointer) throws(WireError) -> Piece {
    guard let version = bytes.first else { return .needsMore(count: ControlFrame.headerSize) }
    guard versions.contains(version) else { return .unsupported(version: version) }
    guard bytes.count >= 5 else { return .needsMore(count: ControlFrame.headerSize) }
    let length = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
    guard length <= maximumPayloadCount else {
      throw WireError(
        .limit(value: UInt64(length), maximum: UInt64(maximumPayloadCount)),
        field: "payload length",
        offset: 1
      )
    }
    let count = ControlFrame.headerSize + Int(length)
    guard bytes.count >= count else { return .needsMore(count: count) }
    return .frame(ControlFrame(version: version, type: bytes[5], payloadCount: Int(length)))
  }
}
