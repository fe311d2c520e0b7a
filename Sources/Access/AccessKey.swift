import Bytes
import CNettle

/// A secret that TCP clients and servers of Netmine share, and prove to each other that they know.
///
/// Both sides prove it by HMAC-SHA-256 (RFC 2104) over random numbers of both, so that nothing of it crosses the
/// network, and nothing that does can be used again. What is said afterwards is as readable as before: where
/// others can listen, put a tunnel under it.
public struct AccessKey: Hashable, Sendable {
  /// Bytes of a key, of a random number and of a proof.
  public static let size = 32

  /// What a server opens with: eight bytes that no protocol of ours begins with, the last the version, then its
  /// random number.
  static let magic = Array("NMKEY\0\0".utf8) + [1]

  /// Bytes of what a server opens with.
  static let challengeSize = magic.count + size

  /// Bytes of what a client answers: its own random number and its proof.
  static let answerSize = 2 * size

  private let secret: [UInt8]

  /// Takes a secret of 32 bytes; nil for any other count.
  public init?(_ secret: [UInt8]) {
    guard secret.count == Self.size else { return nil }
    self.secret = secret
  }

  /// Which socket a proof is for, so that one cannot be passed on to another.
  public enum Purpose: String, Sendable {
    /// Commands for the connector.
    case control
    /// Records for the log server.
    case publish
    /// Records from the log server.
    case subscribe
  }

  /// Whether bytes begin as a server does that wants a proof.
  public static func isChallenge(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= magic.count && bytes.prefix(magic.count).elementsEqual(magic)
  }

  /// A random number, of the system's generator.
  static func random() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<size).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
  }

  /// What a client proves by: HMAC-SHA-256 of `netmine client PURPOSE`, a zero byte, the server's and the client's
  /// random number.
  func clientProof(_ purpose: Purpose, server: [UInt8], client: [UInt8]) -> [UInt8] {
    authenticate(Array("netmine client \(purpose.rawValue)\0".utf8) + server + client)
  }

  /// What a server proves by: the same with `netmine server PURPOSE`.
  func serverProof(_ purpose: Purpose, server: [UInt8], client: [UInt8]) -> [UInt8] {
    authenticate(Array("netmine server \(purpose.rawValue)\0".utf8) + server + client)
  }

  /// Whether two proofs are the same, in a time that does not depend on where they differ.
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
