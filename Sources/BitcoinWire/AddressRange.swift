/// One peer address of any network, or all addresses of IPv4, IPv6 or CJDNS that share a prefix (CIDR).
public struct AddressRange: Hashable, Sendable, CustomStringConvertible {
  /// The single address, or an address with the range's prefix.
  public let address: NetworkAddress

  /// The number of leading bits that an address must share; nil if the range is the single address.
  public let bitCount: Int?

  /// Creates a range; nil if `bitCount` exceeds the length of the address, or if the address has no prefixes
  /// (Tor, I2P).
  public init?(_ address: NetworkAddress, bitCount: Int?) {
    let limit =
      switch address {
      case .ipv4: 32
      case .ipv6, .cjdns: 128
      default: -1
      }
    guard bitCount.map({ (0...128).contains($0) && $0 <= limit }) ?? true else { return nil }
    self.address = address
    self.bitCount = bitCount
  }

  /// Parses `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32` or `….onion`; nil for any other text.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = NetworkAddress(String(parts[0])) else { return nil }
    guard parts.count == 2 else {
      self.init(address, bitCount: nil)
      return
    }
    guard let count = Int(parts[1]) else { return nil }
    self.init(address, bitCount: count)
  }

  /// Whether the range contains an address. An IPv4-mapped IPv6 address counts as IPv4.
  public func contains(_ other: NetworkAddress) -> Bool {
    switch (address, other.unmapped) {
    case (.ipv4(let network), .ipv4(let other)):
      return Self.agree(UInt128(network) << 96, UInt128(other) << 96, bitCount ?? 32)
    case (.ipv6(let network), .ipv6(let other)), (.cjdns(let network), .cjdns(let other)):
      return Self.agree(network, other, bitCount ?? 128)
    case (let address, let other): return address == other
    }
  }

  /// `10.0.0.0/8`, or the address alone if the range has no prefix.
  public var description: String { bitCount.map { "\(address)/\($0)" } ?? "\(address)" }

  private static func agree(_ left: UInt128, _ right: UInt128, _ count: Int) -> Bool {
    count == 0 || (left ^ right) >> (128 - count) == 0
  }
}
