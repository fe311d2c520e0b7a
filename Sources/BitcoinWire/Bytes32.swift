import Bytes

/// Thirty-two bytes stored inline, without an allocation: a hash or a key.
@frozen
public struct Bytes32: Hashable, Sendable {
  /// The bytes in order, as four words in host byte order.
  @usableFromInline let words: (UInt64, UInt64, UInt64, UInt64)

  /// Length in bytes.
  public static let size = 32

  /// Thirty-two zero bytes.
  public static let zero = Bytes32(words: (0, 0, 0, 0))

  /// Creates the value from four words in host byte order.
  @inlinable
  init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// Copies 32 bytes; traps if there are more or fewer.
  @inlinable
  public init(_ bytes: RawSpan) {
    precondition(bytes.byteCount == 32)
    words = (
      bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self),
      bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self),
      bytes.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt64.self),
      bytes.unsafeLoadUnaligned(fromByteOffset: 24, as: UInt64.self)
    )
  }

  /// Copies 32 bytes; nil if there are more or fewer.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.init(bytes.span.bytes)
  }

  /// A copy of the bytes, in order.
  public var array: [UInt8] { withUnsafeBytes { Array($0) } }

  /// Calls `body` with the bytes in order. `body` must not keep the pointer.
  @inlinable
  public func withUnsafeBytes<T, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> T
  ) throws(E) -> T {
    try Swift.withUnsafeBytes(of: words, body)
  }

  /// Whether both hold the same bytes.
  @inlinable
  public static func == (left: Bytes32, right: Bytes32) -> Bool { left.words == right.words }

  /// Feeds all bytes to `hasher`.
  @inlinable
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}
