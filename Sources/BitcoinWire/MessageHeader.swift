import Bytes

/// The 24 bytes before every payload: magic, command, length, checksum.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | magic of the network |
/// | 4 | 12 | command, NUL padded |
/// | 16 | 4 | length of the payload, little-endian |
/// | 20 | 4 | first bytes of the payload's double SHA-256 |
@frozen
public struct MessageHeader: Hashable, Sendable {
  /// Length in bytes.
  public static let size = 24

  /// The longest payload that Bitcoin Core accepts, in bytes (`MAX_PROTOCOL_MESSAGE_LENGTH`).
  public static let maximumLength = 4_000_000

  /// The magic of the network: its four bytes as a little-endian integer.
  public var magic: UInt32

  /// The command, valid or not.
  public var command: Command

  /// Length of the payload in bytes, as claimed by the sender: not checked against any limit.
  public var length: UInt32

  /// First four bytes of the payload's double SHA-256 as a little-endian integer, as claimed by the sender.
  public var checksum: UInt32

  /// Creates a header from its fields.
  @inlinable
  public init(magic: UInt32, command: Command, length: UInt32, checksum: UInt32) {
    self.magic = magic
    self.command = command
    self.length = length
    self.checksum = checksum
  }

  /// Creates the header of a payload and computes its length and checksum.
  public init(magic: UInt32, command: Command, payload: RawSpan) {
    self.init(
      magic: magic,
      command: command,
      length: UInt32(payload.byteCount),
      checksum: Hash256.checksum(payload)
    )
  }

  /// Reads the fields at the start of `bytes` without checking them; nil if there are fewer than 24 bytes.
  ///
  /// Costs a few loads and no allocation: enough to sort messages by command.
  @inlinable
  public init?(peeking bytes: RawSpan) {
    guard bytes.byteCount >= Self.size else { return nil }
    magic = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self))
    command = Command(bytes.extracting(4..<16))
    length = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt32.self))
    checksum = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 20, as: UInt32.self))
  }

  /// Reads the 24 bytes without checking the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let bytes = try reader.span(Self.size, "message header")
    self.init(peeking: bytes)!
  }

  /// Length of the whole message in bytes, header included.
  @inlinable public var totalLength: Int { Self.size + Int(length) }

  /// Appends the 24 bytes.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(magic)
    command.append(to: &bytes)
    bytes.appendLittle(length)
    bytes.appendLittle(checksum)
  }
}
