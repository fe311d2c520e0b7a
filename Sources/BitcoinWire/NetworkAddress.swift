import Bytes

/// Where a node is, without its port, in any network that BIP155 knows or may come to know.
public enum NetworkAddress: Hashable, Sendable {
  /// An IPv4 address; 1.2.3.4 is 0x01020304.
  case ipv4(UInt32)
  /// An IPv6 address, its first byte the highest.
  case ipv6(UInt128)
  /// A Tor version 2 address, which nobody has reached since 2021: read, printed and written again.
  case torV2(TorV2Name)
  /// The public key of a Tor version 3 address.
  case torV3(Bytes32)
  /// The hash of an I2P destination.
  case i2p(Bytes32)
  /// A CJDNS address, its first byte the highest.
  case cjdns(UInt128)
  /// An address, up to 512 bytes, of a network that is unknown, or of Tor version 2 and not of 10 bytes.
  case other(NetworkID, [UInt8])

  /// The longest address of any network in bytes (BIP155, `MAX_ADDRV2_SIZE`).
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

  /// The bytes of the address as BIP155 has them, first byte first.
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

  /// Takes the bytes of an address as BIP155 has them.
  ///
  /// Fails, as Bitcoin Core does, where a known network's address has another length than its own,
  /// and where it has more than 512 bytes. Tor version 2 is a network that Core no longer knows.
  public init?(network: NetworkID, bytes: [UInt8]) { self.init(network: network, bytes.span.bytes) }

  /// Takes the bytes of an address as BIP155 has them, likewise; copies none of a known network.
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

  /// The same address as IPv4 where it is an IPv4-mapped IPv6 address (::ffff:0:0/96), as it is otherwise.
  public var unmapped: NetworkAddress {
    guard case .ipv6(let address) = self, address >> 32 == 0xffff else { return self }
    return .ipv4(UInt32(truncatingIfNeeded: address))
  }

  /// The number whose 16 bytes these are, the highest first.
  private static func number(_ bytes: RawSpan) -> UInt128 {
    UInt128(bigEndian: bytes.unsafeLoadUnaligned(as: UInt128.self))
  }
}
