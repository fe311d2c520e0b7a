extension NetworkAddress {
  /// Whether it is this machine: 127.0.0.0/8, 0.0.0.0/8 or ::1, as Bitcoin Core counts it.
  public var isLoopback: Bool {
    switch unmapped {
    case .ipv4(let address): address >> 24 == 127 || address >> 24 == 0
    case .ipv6(let address): address == 1
    case .torV3, .i2p, .cjdns, .other: false
    }
  }

  /// Whether somebody elsewhere could connect to it: not loopback, private, documentation's or
  /// otherwise reserved, as Bitcoin Core has it. Of unknown networks nothing is known: false.
  public var isRoutable: Bool {
    switch unmapped {
    case .ipv4(let address): !Self.isReserved(address)
    case .ipv6(let address): !Self.isReserved(address)
    case .torV3, .i2p: true
    case .cjdns(let address): address >> 120 == 0xfc
    case .other: false
    }
  }

  private static func isReserved(_ address: UInt32) -> Bool {
    address == .max || reservedIPv4.contains { address >> (32 - $0.length) == $0.prefix >> (32 - $0.length) }
  }

  private static func isReserved(_ address: UInt128) -> Bool {
    address <= 1 || reservedIPv6.contains { address >> (128 - $0.length) == $0.prefix }
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
    (0x2001_0db8, 32),  // RFC 3849
    (0xfe80_0000_0000_0000, 64),  // RFC 4862
    (0x7e, 7),  // RFC 4193; CJDNS addresses said to be IPv6 too
    (0x200_1001, 28),  // RFC 4843
    (0x200_1002, 28),  // RFC 7343
  ]
}
