import Bytes
import CNettle

/// An incremental SHA-256 (FIPS 180-4), without an allocation.
struct SHA256 {
  private var context = sha256_ctx()

  /// Starts a hash of no bytes.
  init() { nettle_sha256_init(&context) }

  /// Adds bytes to the hash.
  mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { bytes in
      // nettle requires a pointer even for zero bytes.
      guard let start = bytes.baseAddress else { return }
      nettle_sha256_update(&context, bytes.count, start.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// Returns the hash of all bytes added, and starts anew.
  mutating func finish() -> Bytes32 {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Bytes32.size) { digest in
      nettle_sha256_digest(&context, Bytes32.size, digest.baseAddress)
      return Bytes32(UnsafeRawBufferPointer(digest).bytes)
    }
  }

  /// Returns the SHA-256 of the SHA-256 of all bytes added, and starts anew.
  mutating func finishTwice() -> Bytes32 {
    let first = finish()
    first.withUnsafeBytes { update($0.bytes) }
    return finish()
  }
}

extension Bytes32 {
  /// Computes the SHA-256 of bytes.
  public init(sha256 bytes: RawSpan) {
    var hash = SHA256()
    hash.update(bytes)
    self = hash.finish()
  }
}
