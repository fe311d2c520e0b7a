/// The network that an address belongs to, with BIP155's numbers. Unknown numbers are kept.
public struct NetworkID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// The number on the wire.
  public let rawValue: UInt8

  /// Creates an identifier from the number on the wire.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// IPv4; addresses of 4 bytes.
  public static let ipv4 = NetworkID(rawValue: 1)
  /// IPv6; addresses of 16 bytes.
  public static let ipv6 = NetworkID(rawValue: 2)
  /// Tor version 2, unreachable since 2021; addresses of 10 bytes.
  public static let torV2 = NetworkID(rawValue: 3)
  /// Tor version 3; addresses of 32 bytes, a public key.
  public static let torV3 = NetworkID(rawValue: 4)
  /// I2P; addresses of 32 bytes, the hash of a destination.
  public static let i2p = NetworkID(rawValue: 5)
  /// CJDNS; addresses of 16 bytes that start with 0xfc.
  public static let cjdns = NetworkID(rawValue: 6)

  /// The name in lower case; `network N` if the number is unknown.
  public var description: String {
    switch self {
    case .ipv4: "ipv4"
    case .ipv6: "ipv6"
    case .torV2: "torv2"
    case .torV3: "onion"
    case .i2p: "i2p"
    case .cjdns: "cjdns"
    default: "network \(rawValue)"
    }
  }
}
