import Bytes

/// Finds the frames of the control protocol in a connection's input.
///
/// It keeps no bytes and no state: the caller accumulates input from the start of a frame and calls again
/// when there is more. The version is checked with the first byte and the length with the fifth, so that a
/// frame that will be refused is not buffered.
public struct ControlFramer: Sendable {
  /// The result of looking at the start of some input.
  public enum Piece: Hashable, Sendable {
    /// An incomplete frame: at least `count` bytes are needed, counted from its start.
    case needsMore(count: Int)
    /// A whole frame.
    case frame(ControlFrame)
    /// A frame of an unsupported version. The connection cannot be read further.
    case unsupported(version: UInt8)
  }

  /// The accepted versions.
  public var versions: ClosedRange<UInt8>

  /// The longest payload accepted, in bytes.
  public var maximumPayloadCount: Int

  /// Creates a framer.
  public init(
    versions: ClosedRange<UInt8> = 0...ControlFrame.currentVersion,
    maximumPayloadCount: Int = ControlFrame.maximumPayloadCount
  ) {
    self.versions = versions
    self.maximumPayloadCount = maximumPayloadCount
  }

  /// Looks for a frame at the start of `bytes`, which must be the start of a frame.
  ///
  /// - Throws: `WireError` if the payload is too long. The connection cannot be read further.
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
