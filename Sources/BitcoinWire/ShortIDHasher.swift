import Bytes

/// Computes the short ids of a compact block (BIP152): the lower 48 bits of the SipHash-2-4 of a wtxid. The
/// key derives from the block's header and the sender's nonce.
public struct ShortIDHasher: Sendable {
  private let key: (UInt64, UInt64)

  /// Derives the key: the first 16 bytes of the SHA-256 of the header and the nonce (little-endian).
  public init(header: BlockHeader, nonce: UInt64) {
    var bytes = header.bytes
    bytes.appendLittle(nonce)
    var hash = SHA256()
    hash.update(bytes.span.bytes)
    let words = hash.finish().words
    key = (UInt64(littleEndian: words.0), UInt64(littleEndian: words.1))
  }

  /// Creates a hasher with a given key, for tests.
  init(key: (UInt64, UInt64)) { self.key = key }

  /// The short id of a transaction, below 2⁴⁸.
  public func shortID(_ wtxid: Hash256) -> UInt64 { sipHash(wtxid.bytes) & 0xffff_ffff_ffff }

  /// SipHash-2-4 of 32 bytes.
  func sipHash(_ bytes: Bytes32) -> UInt64 {
    var v0 = 0x736f_6d65_7073_6575 ^ key.0
    var v1 = 0x646f_7261_6e64_6f6d ^ key.1
    var v2 = 0x6c79_6765_6e65_7261 ^ key.0
    var v3 = 0x7465_6462_7974_6573 ^ key.1
    func round() {
      v0 &+= v1
      v1 = (v1 << 13 | v1 >> 51) ^ v0
      v0 = v0 << 32 | v0 >> 32
      v2 &+= v3
      v3 = (v3 << 16 | v3 >> 48) ^ v2
      v0 &+= v3
      v3 = (v3 << 21 | v3 >> 43) ^ v0
      v2 &+= v1
      v1 = (v1 << 17 | v1 >> 47) ^ v2
      v2 = v2 << 32 | v2 >> 32
    }
    func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }
    absorb(UInt64(littleEndian: bytes.words.0))
    absorb(UInt64(littleEndian: bytes.words.1))
    absorb(UInt64(littleEndian: bytes.words.2))
    absorb(UInt64(littleEndian: bytes.words.3))
    absorb(32 << 56)
    v2 ^= 0xff
    for _ in 0..<4 { round() }
    return v0 ^ v1 ^ v2 ^ v3
  }
}
