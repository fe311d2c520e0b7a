import Bytes

/// A double SHA-256: the identifier of a block or a transaction.
///
/// Held in wire order; the text form reverses the bytes, as is usual.
@frozen
public struct Hash256: Hashable, Sendable, LosslessStringConvertible {
  /// The 32 bytes in wire order.
  public let bytes: Bytes32

  /// All zeros: an unset `stop` hash, or the predecessor of a genesis block.
  public static let zero = Hash256(.zero)

  /// Creates a hash from 32 bytes in wire order.
  @inlinable
  public init(_ bytes: Bytes32) { self.bytes = bytes }

  /// Parses the text form, 64 hexadecimal digits in reversed byte order; nil for any other text.
  public init?(_ description: String) {
    guard let bytes = Hexadecimal.bytes(description), let hash = Bytes32(bytes.reversed()) else { return nil }
    self.init(hash)
  }

  /// The SHA-256 of the SHA-256 of `bytes`.
  public init(doubleSHA256 bytes: RawSpan) {
    self.bytes = Self.doubleSHA256(bytes)
  }

  /// The SHA-256 of the SHA-256 of three pieces in sequence.
  init(doubleSHA256 first: RawSpan, _ second: RawSpan, _ third: RawSpan) {
    var hash = SHA256()
    hash.update(first)
    hash.update(second)
    hash.update(third)
    bytes = hash.finishTwice()
  }

  /// The double SHA-256 of two hashes in sequence, as in a Merkle tree.
  public init(_ left: Hash256, _ right: Hash256) {
    self.init(doubleSHA256: (left.bytes.array + right.bytes.array).span.bytes)
  }

  /// 64 hexadecimal digits in reversed byte order, as in explorers and RPCs.
  public var description: String {
    var digits: [UInt8] = []
    append(digits: &digits)
    return String(decoding: digits, as: UTF8.self)
  }

  /// Appends the text form.
  public func append(digits: inout [UInt8]) {
    bytes.withUnsafeBytes { Hexadecimal.append($0, isReversed: true, to: &digits) }
  }

  /// The first eight digits of the text form after its leading zeros, and an ellipsis. A block's hash has
  /// many leading zeros.
  public var abbreviation: String {
    guard self != .zero else { return "0…" }
    var digits: [UInt8] = []
    append(digits: &digits)
    return String(decoding: digits.drop { $0 == UInt8(ascii: "0") }.prefix(8), as: UTF8.self) + "…"
  }

  /// The checksum of a message header: the first four bytes of the payload's double SHA-256, as a
  /// little-endian integer.
  public static func checksum(_ payload: RawSpan) -> UInt32 {
    UInt32(truncatingIfNeeded: UInt64(littleEndian: doubleSHA256(payload).words.0))
  }

  private static func doubleSHA256(_ bytes: RawSpan) -> Bytes32 {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finishTwice()
  }
}

extension Hash256: ExpressibleByStringLiteral {
  /// Creates a hash from a literal; traps if it is not 64 hexadecimal digits.
  public init(stringLiteral text: StaticString) {
    guard let hash = Hash256(text.description) else { preconditionFailure("not a hash: \(text)") }
    self = hash
  }
}
