import BitcoinWire
import Bytes
import Observations

/// Proves a source's instance to a log server. The bytes are never shown: not in a forwarded record, not in a
/// log, not in an error.
public struct SourceSecret: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The length in bytes.
  public static let size = 32

  let bytes: [UInt8]

  /// Wraps bytes; nil if there are not `size` of them.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.size else { return nil }
    self.bytes = bytes
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) { bytes = try reader.array(Self.size, "secret") }

  /// The SHA-256 of the secret, which reveals nothing about it.
  public var digest: Bytes32 { Bytes32(sha256: bytes.span.bytes) }

  /// The instance that the secret proves: the first 8 bytes of the digest, big-endian.
  public var instance: UInt64 {
    digest.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  /// A fixed text that hides the secret.
  public var description: String { "(a secret)" }

  /// A fixed text that hides the secret.
  public var debugDescription: String { description }

  /// An empty mirror that hides the secret.
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// A source's instance and the secret that proves it. Every subscriber learns the instance; only the log
/// server learns the secret.
///
/// The instance follows from the secret, so a log server that has just started can check the proof too.
public struct SourceIdentity: Equatable, Sendable {
  /// The proof, for the log server only.
  public let secret: SourceSecret

  /// The number that identifies one run of the source, and its sequence numbers; never 0.
  public let instance: UInt64

  /// Picks a secret from the system's random numbers.
  public init() {
    var random = SystemRandomNumberGenerator()
    self.init(using: &random)
  }

  /// Picks a secret from random numbers. A program that can guess them can pass for the source.
  public init(using random: inout some RandomNumberGenerator) {
    var identity: SourceIdentity?
    while identity == nil {
      let bytes = (0..<SourceSecret.size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      identity = SourceSecret(bytes).flatMap(SourceIdentity.init)
    }
    self = identity!
  }

  /// Wraps a secret; nil if its instance is 0.
  public init?(_ secret: SourceSecret) {
    guard secret.instance != 0 else { return nil }
    self.secret = secret
    instance = secret.instance
  }
}

extension LinkMessage {
  /// Creates a source's introduction.
  ///
  /// - Parameters:
  ///   - description: the source's description; its instance is replaced by the identity's.
  ///   - formerSource: the id it had; 0 for none.
  ///   - nextSequence: the sequence number of its next record.
  ///   - oldestHeld: the oldest sequence number that it can still send.
  public static func hello(
    _ identity: SourceIdentity,
    _ description: SourceDescription,
    formerSource: UInt32 = 0,
    nextSequence: UInt64 = 1,
    oldestHeld: UInt64 = 1
  ) -> LinkMessage {
    var description = description
    description.instance = identity.instance
    return .hello(
      description,
      formerSource: formerSource,
      nextSequence: nextSequence,
      oldestHeld: oldestHeld,
      secret: identity.secret
    )
  }
}
