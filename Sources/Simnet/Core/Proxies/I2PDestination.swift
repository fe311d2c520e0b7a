import BitcoinWire
import Bytes

/// An I2P destination: public keys and a certificate. Its hash is the address.
struct I2PDestination: Equatable {
  /// The destination in I2P's binary form.
  let bytes: [UInt8]

  /// Size in bytes of the private keys that may follow a destination.
  static let secretCount = 288

  /// Offset in bytes of the certificate, and of the certificate's content after type and length.
  private static let (keyCount, certificateStart) = (384, 387)

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~".utf8
  )

  /// Creates a destination of random keys, to which no private keys exist.
  init(using random: inout RandomSource) {
    // A key certificate of 4 bytes: Ed25519 and ElGamal.
    bytes = random.bytes(Self.keyCount) + [5, 0, 4, 0, 7, 0, 0]
  }

  /// Decodes a destination, which private keys may follow; nil if it is malformed.
  init?(_ text: String) {
    guard let bytes = Self.decode(text), bytes.count >= Self.certificateStart else { return nil }
    let end = Self.certificateStart + Int(bytes[Self.keyCount + 1]) << 8 + Int(bytes[Self.keyCount + 2])
    guard bytes.count >= end else { return nil }
    self.bytes = Array(bytes.prefix(end))
  }

  /// The destination of a node.
  static func ofNode(_ node: Int, seed: UInt64) -> I2PDestination {
    var random = RandomSource(seed: seed, purpose: "destination", index: UInt64(node))
    return I2PDestination(using: &random)
  }

  /// The address: the SHA-256 of the destination.
  var address: NetworkAddress { .i2p(Bytes32(sha256: bytes.span.bytes)) }

  /// The destination in I2P's variant of Base64.
  var text: String { Self.encode(bytes) }

  /// The destination followed by random private keys, in I2P's variant of Base64.
  func secret(using random: inout RandomSource) -> String {
    Self.encode(bytes + random.bytes(Self.secretCount))
  }

  /// The address of a destination or of a b32 name; nil if `text` is neither.
  static func address(_ text: String) -> NetworkAddress? {
    if case .i2p(let hash)? = NetworkAddress(text) { return .i2p(hash) }
    return I2PDestination(text)?.address
  }

  private static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let value = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
      for index in 0..<4 {
        text.append(index <= group.count ? alphabet[value >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func decode(_ text: String) -> [UInt8]? {
    let characters = text.utf8.filter { $0 != UInt8(ascii: "=") }
    var bytes: [UInt8] = []
    var (pending, bits) = (0, 0)
    for character in characters {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      pending = (pending << 6 | value) & 0xffff
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
      }
    }
    return bytes
  }
}
