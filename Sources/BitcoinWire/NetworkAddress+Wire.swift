import Bytes

extension NetworkAddress {
  /// The prefix of Tor version 2 addresses in the old form (OnionCat): fd87:d87e:eb43::/48.
  static let torV2Prefix: UInt128 = 0xfd87_d87e_eb43

  /// Reads the form of BIP155: network, CompactSize length, address.
  ///
  /// Bitcoin Core reads some addresses and then ignores them: unknown networks, IPv4 and Tor version 2
  /// addresses inside an IPv6 address, CJDNS addresses outside fc00::/8. They are kept, encode to the same
  /// bytes, and are not `isValid`. Throws at a wrong length, as Core does.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let offset = reader.offset
    let network = NetworkID(rawValue: try reader.little(UInt8.self, "address network"))
    let bytes = try reader.countedSpan("address", maximum: Self.maximumSize)
    guard let address = NetworkAddress(network: network, bytes) else {
      let reason = "of network \(network) has \(bytes.byteCount) bytes"
      throw WireError(.invalid(reason), field: "address", offset: offset)
    }
    self = address
  }

  /// Reads the old form of 16 bytes: an IPv6 address, or an IPv4 or Tor version 2 address inside one.
  ///
  /// Bitcoin Core reads a Tor version 2 address as `::`; here it is kept.
  @_lifetime(reader: copy reader)
  public init(legacyFrom reader: inout ByteReader) throws(WireError) {
    let number = try reader.big(UInt128.self, "address")
    if number >> 80 == Self.torV2Prefix {
      self = .torV2(TorV2Name(number))
    } else {
      self = NetworkAddress.ipv6(number).unmapped
    }
  }

  /// Whether the old form of 16 bytes can hold the address.
  public var hasLegacyForm: Bool {
    switch self {
    case .ipv4, .ipv6, .torV2: true
    case .torV3, .i2p, .cjdns, .other: false
    }
  }

  /// Appends the form of BIP155.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(network.rawValue)
    switch self {
    case .ipv4(let address):
      bytes.append(4)
      bytes.appendBig(address)
    case .ipv6(let address), .cjdns(let address):
      bytes.append(16)
      bytes.appendBig(address)
    case .torV3(let key), .i2p(let key):
      bytes.append(UInt8(Bytes32.size))
      bytes.append(key)
    case .torV2, .other:
      bytes.appendCounted(self.bytes)
    }
  }

  /// Appends the old form of 16 bytes; zeros if it cannot hold the address, as in Bitcoin Core.
  public func appendLegacy(to bytes: inout [UInt8]) {
    switch self {
    case .ipv4(let address):
      bytes.appendBig(UInt128(0xffff) << 32 | UInt128(address))
    case .ipv6(let address):
      bytes.appendBig(address)
    case .torV2(let name):
      bytes.appendBig(Self.torV2Prefix << 80 | name.number)
    case .other, .torV3, .i2p, .cjdns:
      bytes.appendBig(UInt128(0))
    }
  }
}
