import BitcoinWire
import Bytes
import Observations

/// Proves to a log server who a source is. Its bytes are shown nowhere: not in a record that is forwarded, not in a log,
/// not in an error.
public struct SourceSecret: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// How many bytes it has.
  public static let size = 32

  let bytes: [UInt8]

  /// Takes bytes; nil if there are not `size` of them.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.size else { return nil }
    self.bytes = bytes
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) { bytes = try reader.array(Self.size, "secret") }

  /// The SHA-256 of the secret, which tells nothing of it.
  public var digest: Bytes32 { Bytes32(sha256: bytes.span.bytes) }

  /// The instance that it proves: the first 8 bytes of the digest, big-endian.
  public var instance: UInt64 {
    digest.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  /// Nothing of it.
  public var description: String { "(a secret)" }

  /// Nothing of it.
  public var debugDescription: String { description }

  /// Nothing of it.
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// Who a source is, and what proves it: every subscriber learns the instance, only the log server learns the secret.
///
/// The instance follows from the secret, so that a log server that was just started can check the proof too.
public struct SourceIdentity: Equatable, Sendable {
  /// What proves it; for the log server only.
  public let secret: SourceSecret

  /// The number that the source's sequences belong to; never 0.
  public let instance: UInt64

  /// Picks a secret from the system's random numbers.
  public init() {
    var random = SystemRandomNumberGenerator()
    self.init(using: &random)
  }

  /// Picks a secret from random numbers; whoever can guess those can pass for the source.
  public init(using random: inout some RandomNumberGenerator) {
    var identity: SourceIdentity?
    while identity == nil {
      let bytes = (0..<SourceSecret.size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      identity = SourceSecret(bytes).flatMap(SourceIdentity.init)
    }
    self = identity!
  }

  /// Takes a secret; nil if the instance that it proves is 0.
  public init?(_ secret: SourceSecret) {
    guard secret.instance != 0 else { return nil }
    self.secret = secret
    instance = secret.instance
  }
}

extension LinkMessage {
  /// A source's introduction.
  ///
  /// - Parameters:
  ///   - description: what it says of itself; its instance is the identity's.
  ///   - formerSource: the id it had; 0 for none.
  ///   - nextSequence: the sequence that its next record gets.
  ///   - oldestHeld: the oldest sequence that it can still send.
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
