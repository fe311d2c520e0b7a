import Bytes
import CNettle

/// A secret shared by Netmine's TCP clients and servers. Each side proves to the other that it knows it.
///
/// A proof is an HMAC-SHA-256 (RFC 2104) over random numbers of both sides, so the key never crosses the
/// network and no proof can be replayed. The proof does not encrypt the connection: on a network where others
/// can listen, use a tunnel.
public struct AccessKey: Hashable, Sendable {
  /// Length of a key, a random number or a proof, in bytes.
  public static let size = 32

  /// The first eight bytes from a server, before its random number. No protocol of Netmine's starts with
  /// them; the last byte is the version.
  static let magic = Array("NMKEY\0\0".utf8) + [1]

  /// Length of a server's challenge in bytes: the magic and a random number.
  static let challengeSize = magic.count + size

  /// Length of a client's answer in bytes: a random number and a proof.
  static let answerSize = 2 * size

  private let secret: [UInt8]

  /// Creates a key from 32 bytes; nil for any other count.
  public init?(_ secret: [UInt8]) {
    guard secret.count == Self.size else { return nil }
    self.secret = secret
  }

  /// The socket that a proof is for. A proof for one cannot be used on another.
  public enum Purpose: String, Sendable {
    /// Commands for the connector.
    case control
    /// Records for the log server.
    case publish
    /// Records from the log server.
    case subscribe
  }

  /// Whether bytes start with the magic of a server that requires a proof.
  public static func isChallenge(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= magic.count && bytes.prefix(magic.count).elementsEqual(magic)
  }

  /// A random number from the system's generator.
  static func random() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<size).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
  }

  /// The client's proof: HMAC-SHA-256 of `netmine client PURPOSE`, a zero byte, the server's and the client's
  /// random number.
  func clientProof(_ purpose: Purpose, server: [UInt8], client: [UInt8]) -> [UInt8] {
    authenticate(Array("netmine client \(purpose.rawValue)\0".utf8) + server + client)
  }

  /// The server's proof: the same with `netmine server PURPOSE`.
  func serverProof(_ purpose: Purpose, server: [UInt8], client: [UInt8]) -> [UInt8] {
    authenticate(Array("netmine server \(purpose.rawValue)\0".utf8) + server + client)
  }

  /// Whether two proofs are equal. The time does not depend on the position of a difference.
  static func agree(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    let left = Array(left)
    let right = Array(right)
    return left.count == right.count && nettle_memeql_sec(left, right, left.count) == 1
  }

  private func authenticate(_ message: [UInt8]) -> [UInt8] {
    var context = hmac_sha256_ctx()
    nettle_hmac_sha256_set_key(&context, secret.count, secret)
    nettle_hmac_sha256_update(&context, message.count, message)
    var digest = [UInt8](repeating: 0, count: Self.size)
    nettle_hmac_sha256_digest(&context, digest.count, &digest)
    return digest
  }
}
