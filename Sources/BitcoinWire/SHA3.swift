import Bytes
import CNettle

/// The hash SHA3-256 (FIPS 202).
enum SHA3 {
  /// The SHA3-256 of bytes.
  static func hash256(_ bytes: [UInt8]) -> Bytes32 {
    var context = sha3_256_ctx()
    nettle_sha3_256_init(&context)
    nettle_sha3_256_update(&context, bytes.count, bytes)
    var digest = [UInt8](repeating: 0, count: Bytes32.size)
    nettle_sha3_256_digest(&context, digest.count, &digest)
    return Bytes32(digest.span.bytes)
  }
}
