import Bytes

/// The part of the network that an address is in. Addresses of one group likely have one owner.
///
/// Bitcoin Core groups addresses this way without an AS map (`NetGroupManager::GetGroup`), to limit
/// connections and known addresses per group: /16 of IPv4, also inside IPv6; /32 of IPv6, but /36 of
/// 2001:470::/32 (he.net); the first 4 bits of Tor version 3 and I2P; the first 12 bits of CJDNS, which start
/// with fc; each internal name by itself; and one group for all unroutable addresses, loopback included.
public struct NetworkGroup: Hashable, Sendable, CustomStringConvertible {
  /// The kind of network, with Bitcoin Core's numbers.
  public enum Kind: UInt8, Hashable, Sendable {
    /// All unroutable addresses.
    case unroutable = 0
    /// IPv4.
    case ipv4 = 1
    /// IPv6 without an embedded IPv4 address.
    case ipv6 = 2
    /// Tor version 3.
    case onion = 3
    /// I2P.
    case i2p = 4
    /// CJDNS.
    case cjdns = 5
    /// Names that Bitcoin Core encodes as addresses.
    case `internal` = 6
  }

  /// The kind of network.
  public let kind: Kind

  /// The bits that the group's addresses share, in the highest `length` bits; the others are 0.
  let prefix: UInt128

  /// The number of bits that the group's addresses share.
  public let length: Int

  /// The group of an address.
  public init(of address: NetworkAddress) {
    if address.isInternal, case .ipv6(let number) = address {
      self.init(.internal, number << 48, 80)
    } else if let linked = address.linkedIPv4 {
      self.init(.ipv4, UInt128(linked) << 96, 16)
    } else if address.isRoutable {
      switch address {
      case .ipv6(let number): self.init(.ipv6, number, number >> 96 == 0x2001_0470 ? 36 : 32)
      case .torV3(let key): self.init(.onion, Self.start(of: key), 4)
      case .i2p(let hash): self.init(.i2p, Self.start(of: hash), 4)
      case .cjdns(let number): self.init(.cjdns, number, 12)
      case .ipv4, .torV2, .other: self.init(.unroutable, 0, 0)
      }
    } else {
      self.init(.unroutable, 0, 0)
    }
  }

  private init(_ kind: Kind, _ bits: UInt128, _ length: Int) {
    self.kind = kind
    prefix = bits & ~(UInt128.max >> UInt128(length))
    self.length = length
  }

  private static func start(of bytes: Bytes32) -> UInt128 {
    bytes.withUnsafeBytes { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) }
  }

  /// Bitcoin Core's key for the group: the kind, then the bits, the last byte filled up with ones.
  public var bytes: [UInt8] {
    let filled = length % 8 == 0 ? prefix : prefix | (UInt128.max >> UInt128(length))
    var bytes: [UInt8] = []
    bytes.appendBig(filled)
    return [kind.rawValue] + bytes.prefix((length + 7) / 8)
  }

  /// `1.2.0.0/16`, `2001:db8::/32`, `fc10::/12`; `onion/7` and `i2p/a` with the bits in hexadecimal;
  /// `internal/` with all ten bytes; `unroutable`.
  public var description: String {
    switch kind {
    case .unroutable: "unroutable"
    case .ipv4: "\(NetworkAddress.ipv4(UInt32(truncatingIfNeeded: prefix >> 96)))/\(length)"
    case .ipv6, .cjdns: "\(NetworkAddress.ipv6(prefix))/\(length)"
    case .onion, .i2p: "\(kind)/\(String(prefix >> 124, radix: 16))"
    case .internal: "internal/\(Hexadecimal.text(bytes.dropFirst()))"
    }
  }
}

extension NetworkAddress {
  /// The address's group, as in Bitcoin Core.
  public var group: NetworkGroup { NetworkGroup(of: self) }
}
