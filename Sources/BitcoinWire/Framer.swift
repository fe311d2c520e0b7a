import Bytes

/// Finds the messages in a stream of bytes of one network.
///
/// A framer keeps no bytes and no state. Its caller accumulates bytes from a message boundary on and asks
/// again when more have arrived. Nobody buffers a payload that will be refused: the framer checks the magic
/// from the first byte on, the length as soon as the header is complete, and the checksum last.
public struct Framer: Sendable {
  /// The state of the bytes seen so far.
  public enum Status: Hashable, Sendable {
    /// An incomplete message; at least `total` bytes, counted from its start, are needed.
    case needMore(total: Int)
    /// A whole message of `total` bytes, header included. Its command may be invalid. Bitcoin Core ignores
    /// messages with an invalid command or checksum and continues.
    case message(MessageHeader, total: Int, checksumValid: Bool)
    /// Bytes that are not a message of this network; nothing after them can be framed.
    case violation(Violation)
  }

  /// The reason that bytes are not a message.
  public enum Violation: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first bytes, up to four, are not the network's magic.
    case wrongMagic(found: [UInt8], expected: UInt32)
    /// The header announces a payload longer than the limit, in bytes.
    case oversized(MessageHeader, maximum: Int)

    /// The violation in words.
    public var description: String {
      switch self {
      case .wrongMagic(let found, let expected):
        var bytes: [UInt8] = []
        bytes.appendLittle(expected)
        return "magic is \(Hexadecimal.text(found)), not \(Hexadecimal.text(bytes))"
      case .oversized(let header, let maximum):
        return "length of \(header.command) is \(header.length), more than \(maximum)"
      }
    }
  }

  /// The network's magic, as a little-endian integer.
  public let magic: UInt32

  /// The longest payload to accept, in bytes.
  public let maximumLength: Int

  /// Creates a framer for the network with this magic.
  public init(magic: UInt32, maximumLength: Int = MessageHeader.maximumLength) {
    self.magic = magic
    self.maximumLength = maximumLength
  }

  /// Returns the state of `bytes`, which start at a message boundary.
  ///
  /// Complexity: constant until the message is complete, then linear in its length (the checksum).
  public func next(in bytes: RawSpan) -> Status {
    let available = bytes.byteCount
    guard let header = MessageHeader(peeking: bytes) else {
      return magicMatches(bytes) ? .needMore(total: MessageHeader.size) : wrongMagic(bytes)
    }
    guard header.magic == magic else { return wrongMagic(bytes) }
    guard header.length <= maximumLength else {
      return .violation(.oversized(header, maximum: maximumLength))
    }
    let total = header.totalLength
    guard available >= total else { return .needMore(total: total) }
    let checksum = Hash256.checksum(bytes.extracting(MessageHeader.size..<total))
    return .message(header, total: total, checksumValid: checksum == header.checksum)
  }

  /// Returns the state of `bytes`, which start at a message boundary.
  public func next(in bytes: UnsafeRawBufferPointer) -> Status { next(in: bytes.bytes) }

  private func magicMatches(_ bytes: RawSpan) -> Bool {
    for index in 0..<min(4, bytes.byteCount) {
      let expected = UInt8(truncatingIfNeeded: magic >> (8 * index))
      guard bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) == expected else { return false }
    }
    return true
  }

  private func wrongMagic(_ bytes: RawSpan) -> Status {
    .violation(.wrongMagic(found: Array(bytes.extracting(first: 4)), expected: magic))
  }
}
