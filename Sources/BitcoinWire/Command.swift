import Bytes

/// The command of a message: 12 bytes, printable ASCII padded with NUL.
///
/// Kept exactly as received, valid or not, without an allocation.
@frozen
public struct Command: Hashable, Sendable, CustomStringConvertible {
  /// Length of the field in a message header, in bytes.
  public static let size = 12

  /// Bytes 0 to 7, in host byte order.
  @usableFromInline let head: UInt64

  /// Bytes 8 to 11, in host byte order.
  @usableFromInline let tail: UInt32

  /// Creates a command from two words in host byte order.
  @inlinable
  init(head: UInt64, tail: UInt32) {
    self.head = head
    self.tail = tail
  }

  /// Creates a command from the 12 bytes of a header; traps if there are more or fewer.
  @inlinable
  public init(_ bytes: RawSpan) {
    precondition(bytes.byteCount == Self.size)
    head = bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
    tail = bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt32.self)
  }

  /// Creates a command from 1 to 12 printable ASCII characters; nil for any other text.
  public init?(_ name: some StringProtocol) {
    var bytes = Array(name.utf8)
    guard !bytes.isEmpty, bytes.count <= Self.size, bytes.allSatisfy(Self.isPrintable) else { return nil }
    bytes.append(contentsOf: repeatElement(0, count: Self.size - bytes.count))
    self.init(bytes.span.bytes)
  }

  /// The 12 bytes in order.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(Self.size)
    append(to: &result)
    return result
  }

  /// Appends the 12 bytes.
  @inlinable
  public func append(to bytes: inout [UInt8]) {
    Swift.withUnsafeBytes(of: head) { bytes.append(contentsOf: $0) }
    Swift.withUnsafeBytes(of: tail) { bytes.append(contentsOf: $0) }
  }

  /// Whether the command is printable ASCII (space included) followed only by NUL. Bitcoin Core checks this
  /// before it reads the message.
  public var isValid: Bool {
    var ended = false
    for index in 0..<Self.size {
      let byte = self[index]
      guard ended ? byte == 0 : byte == 0 || Self.isPrintable(byte) else { return false }
      ended = ended || byte == 0
    }
    return true
  }

  /// The characters before the padding, escaped as in `EscapedText`.
  public var description: String {
    let count = (0..<Self.size).last { self[$0] != 0 }.map { $0 + 1 } ?? 0
    guard (0..<count).allSatisfy({ Self.isPrintable(self[$0]) && self[$0] != UInt8(ascii: "\\") }) else {
      return EscapedText.ascii(bytes[..<count])
    }
    // Short enough for a String without an allocation.
    return String(unsafeUninitializedCapacity: count) { text in
      for index in 0..<count { text[index] = self[index] }
      return count
    }
  }

  private subscript(index: Int) -> UInt8 {
    index < 8
      ? UInt8(truncatingIfNeeded: UInt64(littleEndian: head) >> (8 * index))
      : UInt8(truncatingIfNeeded: UInt32(littleEndian: tail) >> (8 * (index - 8)))
  }

  private static func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte <= 0x7e }
}

extension Command: ExpressibleByStringLiteral {
  /// Creates a command from a literal; traps if it is not 1 to 12 printable ASCII characters.
  public init(stringLiteral name: StaticString) {
    guard let command = Command(name.description) else { preconditionFailure("not a command: \(name)") }
    self = command
  }
}
