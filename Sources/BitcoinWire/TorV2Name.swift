import Bytes

/// The ten bytes of a Tor version 2 address, stored inline: the first half of the SHA-1 of the service's key.
public struct TorV2Name: Hashable, Sendable {
  /// Length in bytes.
  public static let size = 10

  /// Bytes 0 and 1, big-endian.
  let head: UInt16

  /// Bytes 2 to 9, big-endian.
  let tail: UInt64

  /// Creates a name from the lowest 80 bits of a number; the first byte is the most significant.
  init(_ number: UInt128) {
    head = UInt16(truncatingIfNeeded: number >> 64)
    tail = UInt64(truncatingIfNeeded: number)
  }

  /// Copies ten bytes; nil if there are more or fewer.
  public init?(_ bytes: [UInt8]) { self.init(bytes.span.bytes) }

  /// Copies ten bytes; nil if there are more or fewer.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount == Self.size else { return nil }
    head = UInt16(bigEndian: bytes.unsafeLoadUnaligned(as: UInt16.self))
    tail = UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt64.self))
  }

  /// The bytes as an 80-bit number; the first byte is the most significant.
  var number: UInt128 { UInt128(head) << 64 | UInt128(tail) }

  /// The bytes in order.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    result.appendBig(head)
    result.appendBig(tail)
    return result
  }
}
