import Bytes

extension NetworkAddress: LosslessStringConvertible {
  /// `1.2.3.4`, `2001:db8::1` (RFC 5952; CJDNS too), `….onion`, `….b32.i2p`. The address of an unknown
  /// network N is `idN-` and its bytes in hexadecimal; so is a CJDNS address outside fc00::/8.
  public var description: String {
    switch self {
    case .ipv4(let address): IPAddressText.ipv4(address)
    case .cjdns(let address) where address >> 120 != 0xfc: identified
    case .ipv6(let address), .cjdns(let address): IPAddressText.ipv6(address)
    case .torV3(let key): Base32.text(key.array + Self.torChecksum(key.array) + [Self.torVersion]) + ".onion"
    case .i2p(let hash): Base32.text(hash.array) + ".b32.i2p"
    case .torV2(let name): Base32.text(name.bytes) + ".onion"
    case .other: identified
    }
  }

  /// `idN-` with the network's number, and the bytes in hexadecimal.
  private var identified: String { "id\(network.rawValue)-\(Hexadecimal.text(bytes))" }

  /// Parses the text form. An address in fc00::/8 is CJDNS, and an IPv4-mapped IPv6 address becomes IPv4. Nil
  /// for any other text, host names included.
  public init?(_ description: String) {
    let text = Array(description.utf8)
    if let address = IPAddressText.parseIPv4(text) {
      self = .ipv4(address)
    } else if let address = IPAddressText.parseIPv6(text) {
      self = address >> 120 == 0xfc ? .cjdns(address) : NetworkAddress.ipv6(address).unmapped
    } else if let address = Self.onion(text) ?? Self.i2p(text) ?? Self.other(text) {
      self = address
    } else {
      return nil
    }
  }

  private static let torVersion: UInt8 = 3

  /// The two checksum bytes of a Tor version 3 name (Tor's rend-spec-v3).
  private static func torChecksum(_ key: [UInt8]) -> [UInt8] {
    Array(SHA3.hash256(Array(".onion checksum".utf8) + key + [torVersion]).array.prefix(2))
  }

  private static func onion(_ text: [UInt8]) -> NetworkAddress? {
    guard let bytes = base32(text, before: ".onion") else { return nil }
    if let name = TorV2Name(bytes) { return .torV2(name) }
    let key = Array(bytes.prefix(32))
    guard bytes.count == 35, bytes[34] == torVersion, Array(bytes[32..<34]) == torChecksum(key) else {
      return nil
    }
    return NetworkAddress(network: .torV3, bytes: key)
  }

  private static func i2p(_ text: [UInt8]) -> NetworkAddress? {
    base32(text, before: ".b32.i2p").flatMap { NetworkAddress(network: .i2p, bytes: $0) }
  }

  private static func other(_ text: [UInt8]) -> NetworkAddress? {
    guard text.starts(with: "id".utf8), let dash = text.firstIndex(of: UInt8(ascii: "-")),
      let number = IPAddressText.decimal(text[2..<dash], maximum: 255),
      let bytes = Hexadecimal.bytes(String(decoding: text[(dash + 1)...], as: UTF8.self))
    else { return nil }
    // An address with a text form of its own has no second form with `id`.
    return NetworkAddress(network: NetworkID(rawValue: UInt8(number)), bytes: bytes).flatMap {
      $0.description.hasPrefix("id") ? $0 : nil
    }
  }

  private static func base32(_ text: [UInt8], before suffix: String) -> [UInt8]? {
    let size = suffix.utf8.count
    let end = text.suffix(size).map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 }
    guard text.count > size, end == Array(suffix.utf8) else { return nil }
    return Base32.bytes(text.dropLast(size))
  }
}
