// Classes of addresses as in Bitcoin Core 31 (src/netaddress.cpp), with Core's names.

extension NetworkAddress {
  /// Whether the address is this host: 127.0.0.0/8, 0.0.0.0/8 or ::1 (Core's `IsLocal`).
  public var isLoopback: Bool {
    switch unmapped {
    case .ipv4(let address): address >> 24 == 127 || address >> 24 == 0
    case .ipv6(let address): address == 1
    case .torV2, .torV3, .i2p, .cjdns, .other: false
    }
  }

  /// Whether the address can belong to a node (Core's `IsValid`).
  ///
  /// Not valid are 0.0.0.0, 255.255.255.255 and ::, the documentation prefix 2001:db8::/32 (RFC 3849), Core's
  /// internal names in fd6b:88c0:8724::/48, CJDNS outside fc00::/8, all of Tor version 2 and of unknown
  /// networks, and IPv4 and Tor version 2 addresses that an `addrv2` encodes as IPv6 (BIP155 forbids it).
  public var isValid: Bool {
    switch self {
    case .ipv4(let address): address != 0 && address != .max
    case .ipv6(let address):
      address != 0 && address >> 96 != 0x2001_0db8 && address >> 80 != Self.internalPrefix
        && address >> 32 != 0xffff && address >> 80 != Self.torV2Prefix
    case .cjdns(let address): address >> 120 == 0xfc
    case .torV3, .i2p: true
    case .torV2, .other: false
    }
  }

  /// Whether another host could connect to the address (Core's `IsRoutable`): valid, not loopback, private or
  /// otherwise reserved.
  public var isRoutable: Bool {
    switch self {
    case .ipv4(let address): isValid && !Self.isReserved(address)
    case .ipv6(let address): isValid && !Self.isReserved(address)
    case .torV2, .torV3, .i2p, .cjdns, .other: isValid
    }
  }

  /// Whether the address encodes a name, in fd6b:88c0:8724::/48. Bitcoin Core uses these to record which DNS
  /// seed supplied an address (`IsInternal`). Nodes must not gossip them.
  public var isInternal: Bool {
    guard case .ipv6(let address) = self else { return false }
    return address >> 80 == Self.internalPrefix
  }

  /// The IPv4 address that a routable address is or embeds (Core's `GetLinkedIPv4`): 64:ff9b::/96 (RFC 6052),
  /// ::ffff:0:0:0/96 (RFC 6145), 6to4's 2002::/16 (RFC 3964), Teredo's 2001::/32 (RFC 4380).
  public var linkedIPv4: UInt32? {
    guard isRoutable else { return nil }
    switch self {
    case .ipv4(let address): return address
    case .ipv6(let address):
      let last = UInt32(truncatingIfNeeded: address)
      if address >> 32 == 0xffff_0000 || address >> 32 == 0x64_ff9b << 64 { return last }
      if address >> 112 == 0x2002 { return UInt32(truncatingIfNeeded: address >> 80) }
      return address >> 96 == 0x2001_0000 ? ~last : nil
    case .torV2, .torV3, .i2p, .cjdns, .other: return nil
    }
  }

  private static let internalPrefix: UInt128 = 0xfd6b_88c0_8724

  private static func isReserved(_ address: UInt32) -> Bool {
    reservedIPv4.contains { address >> (32 - $0.length) == $0.prefix >> (32 - $0.length) }
  }

  private static func isReserved(_ address: UInt128) -> Bool {
    address == 1 || reservedIPv6.contains { address >> (128 - $0.length) == $0.prefix }
  }

  private static let reservedIPv4: [(prefix: UInt32, length: UInt32)] = [
    (0x0000_0000, 8),  // this host
    (0x7f00_0000, 8),  // loopback
    (0x0a00_0000, 8), (0xac10_0000, 12), (0xc0a8_0000, 16),  // RFC 1918
    (0xc612_0000, 15),  // RFC 2544
    (0xa9fe_0000, 16),  // RFC 3927
    (0x6440_0000, 10),  // RFC 6598
    (0xc000_0200, 24), (0xc633_6400, 24), (0xcb00_7100, 24),  // RFC 5737
  ]

  private static let reservedIPv6: [(prefix: UInt128, length: UInt128)] = [
    (0xfe80_0000_0000_0000, 64),  // RFC 4862
    (0x7e, 7),  // RFC 4193; also CJDNS addresses encoded as IPv6
    (0x200_1001, 28),  // RFC 4843
    (0x200_1002, 28),  // RFC 7343
  ]
}
