import Bytes

extension NetworkAddress {
  /// Where Tor version 2 addresses are in the old form: fd87:d87e:eb43::/48.
  private static let torV2Prefix: UInt128 = 0xfd87_d87e_eb43

  /// Reads the form of BIP155: network, CompactSize length, address.
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
  @_lifetime(reader: copy reader)
  public init(legacyFrom reader: inout ByteReader) throws(WireError) {
    let number = try reader.big(UInt128.self, "address")
    if number >> 80 == Self.torV2Prefix {
      var bytes: [UInt8] = []
      bytes.appendBig(number)
      self = .other(.torV2, Array(bytes[6...]))
    } else {
      self = NetworkAddress.ipv6(number).unmapped
    }
  }

  /// Whether the old form of 16 bytes can say it.
  public var hasLegacyForm: Bool {
    switch self {
    case .ipv4, .ipv6: true
    case .other(let network, let bytes): network == .torV2 && bytes.count == 10
    case .torV3, .i2p, .cjdns: false
    }
  }

  /// Appends the form of BIP155.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(network.rawValue)
    bytes.appendCounted(self.bytes)
  }

  /// Appends the old form of 16 bytes; zeros, as Bitcoin Core does, where it cannot say the address.
  public func appendLegacy(to bytes: inout [UInt8]) {
    switch self {
    case .ipv4(let address):
      bytes.appendBig(UInt128(0xffff) << 32 | UInt128(address))
    case .ipv6(let address):
      bytes.appendBig(address)
    case .other(.torV2, let address) where address.count == 10:
      bytes.appendBig(Self.torV2Prefix << 80 | Self.number(address))
    case .other, .torV3, .i2p, .cjdns:
      bytes.appendBig(UInt128(0))
    }
  }
}
