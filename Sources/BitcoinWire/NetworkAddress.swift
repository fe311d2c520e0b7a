import Bytes

/// The address of a node without its port, in any network that BIP155 defines or may define.
public enum NetworkAddress: Hashable, Sendable {
  /// An IPv4 address; 1.2.3.4 is 0x01020304.
  case ipv4(UInt32)
  /// An IPv6 address; its first byte is the most significant.
  case ipv6(UInt128)
  /// A Tor version 2 address, unreachable since 2021: still decoded, printed and encoded.
  case torV2(TorV2Name)
  /// The public key of a Tor version 3 address.
  case torV3(Bytes32)
  /// The hash of an I2P destination.
  case i2p(Bytes32)
  /// A CJDNS address; its first byte is the most significant.
  case cjdns(UInt128)
  /// An address of up to 512 bytes of an unknown network, or one of Tor version 2 that is not 10 bytes long.
  case other(NetworkID, [UInt8])

  /// The longest address of any network, in bytes (BIP155, `MAX_ADDRV2_SIZE`).
  public static let maximumSize = 512

  /// The network's number.
  public var network: NetworkID {
    switch self {
    case .ipv4: .ipv4
    case .ipv6: .ipv6
    case .torV2: .torV2
    case .torV3: .torV3
    case .i2p: .i2p
    case .cjdns: .cjdns
    case .other(let network, _): network
    }
  }

  /// The bytes of the address in BIP155's order, first byte first.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    switch self {
    case .ipv4(let address): result.appendBig(address)
    case .ipv6(let address), .cjdns(let address): result.appendBig(address)
    case .torV2(let name): result = name.bytes
    case .torV3(let key), .i2p(let key): result.append(key)
    case .other(_, let bytes): result = bytes
    }
    return result
  }

  /// Creates an address from its bytes in BIP155's order.
  ///
  /// Nil, as in Bitcoin Core, if a known network's address has the wrong length, or if there are more than
  /// 512 bytes. Core no longer knows Tor version 2.
  public init?(network: NetworkID, bytes: [UInt8]) { self.init(network: network, bytes.span.bytes) }

  /// Creates an address from a view of its bytes, likewise; makes no copy for a known network.
  public init?(network: NetworkID, _ bytes: RawSpan) {
    switch (network, bytes.byteCount) {
    case (.ipv4, 4): self = .ipv4(UInt32(bigEndian: bytes.unsafeLoadUnaligned(as: UInt32.self)))
    case (.ipv6, 16): self = .ipv6(Self.number(bytes))
    case (.torV2, TorV2Name.size): self = .torV2(TorV2Name(bytes)!)
    case (.torV3, 32): self = .torV3(Bytes32(bytes))
    case (.i2p, 32): self = .i2p(Bytes32(bytes))
    case (.cjdns, 16): self = .cjdns(Self.number(bytes))
    case (.ipv4, _), (.ipv6, _), (.torV3, _), (.i2p, _), (.cjdns, _): return nil
    default:
      guard bytes.byteCount <= Self.maximumSize else { return nil }
      self = .other(network, Array(bytes))
    }
  }

  /// The IPv4 address if this is an IPv4-mapped IPv6 address (::ffff:0:0/96), else the address unchanged.
  public var unmapped: NetworkAddress {
    guard case .ipv6(let address) = self, address >> 32 == 0xffff else { return self }
    return .ipv4(UInt32(truncatingIfNeeded: address))
  }

  /// Reads 16 big-endian bytes.
  private static func number(_ bytes: RawSpan) -> UInt128 {
    UInt128(bigEndian: bytes.unsafeLoadUnaligned(as: UInt128.self))
  }
}
