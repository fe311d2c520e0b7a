import Bytes
import CNettle

/// The hash SHA-256 (FIPS 180-4), fed piece by piece, without an allocation.
struct SHA256 {
  private var context = sha256_ctx()

  /// Begins.
  init() { nettle_sha256_init(&context) }

  /// Takes in bytes.
  mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { bytes in
      // The library asks for a pointer even where there is nothing.
      guard let start = bytes.baseAddress else { return }
      nettle_sha256_update(&context, bytes.count, start.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// The hash of all that was taken in; begins anew.
  mutating func finish() -> Bytes32 {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Bytes32.size) { digest in
      nettle_sha256_digest(&context, Bytes32.size, digest.baseAddress)
      return Bytes32(UnsafeRawBufferPointer(digest).bytes)
    }
  }

  /// The SHA-256 of the SHA-256 of all that was taken in; begins anew.
  mutating func finishTwice() -> Bytes32 {
    let first = finish()
    first.withUnsafeBytes { update($0.bytes) }
    return finish()
  }
}

extension Bytes32 {
  /// The SHA-256 of bytes.
  public init(sha256 bytes: RawSpan) {
    var hash = SHA256()
    hash.update(bytes)
    self = hash.finish()
  }
}
