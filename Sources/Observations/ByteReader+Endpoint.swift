import BitcoinWire
import Bytes

// Netmine's own encodings of an endpoint, in the log stream and the control protocol. Bitcoin's encodings are
// in `NetworkAddress`.

extension ByteReader {
  /// Reads an endpoint: u8 network (BIP155), u16 count of the address's bytes, the address, u16 port.
  @_lifetime(self: copy self)
  public mutating func endpoint(_ field: StaticString) throws(WireError) -> Endpoint {
    let start = offset
    let network = NetworkID(rawValue: try big(UInt8.self, field))
    let bytes = try span(Int(try big(UInt16.self, field)), field)
    guard let address = NetworkAddress(network: network, bytes) else {
      throw WireError(
        .invalid("has \(bytes.byteCount) bytes, wrong for an address of network \(network.rawValue)"),
        field: field,
        offset: start
      )
    }
    return Endpoint(address, port: try big(UInt16.self, field))
  }

  /// Reads the `sockaddr_in` of Linux on x86-64, as in coinscope's protocols: u16 family 2 (or 0),
  /// little-endian, u16 port, u32 address, 8 bytes of any value.
  @_lifetime(self: copy self)
  public mutating func socketAddress(_ field: StaticString) throws(WireError) -> Endpoint {
    let start = offset
    let family = try little(UInt16.self, field)
    guard family == 2 || family == 0 else {
      throw WireError(.invalid("has family \(family), not 2 (AF_INET)"), field: field, offset: start)
    }
    let port = try big(UInt16.self, field)
    let address = try big(UInt32.self, field)
    try skip(8, field)
    return Endpoint(.ipv4(address), port: port)
  }
}

extension Array where Element == UInt8 {
  /// Appends an endpoint: u8 network (BIP155), u16 count of the address's bytes, the address, u16 port.
  public mutating func appendEndpoint(_ endpoint: Endpoint) {
    append(endpoint.address.network.rawValue)
    switch endpoint.address {
    case .ipv4(let address):
      appendBig(UInt16(4))
      appendBig(address)
    case .ipv6(let address), .cjdns(let address):
      appendBig(UInt16(16))
      appendBig(address)
    case .torV2, .torV3, .i2p, .other: appendPrefixed(endpoint.address.bytes)
    }
    appendBig(endpoint.port)
  }

  /// Appends an endpoint as the 16 bytes of Linux's `sockaddr_in` on x86-64: u16 family 2 (little-endian),
  /// u16 port, u32 address, 8 zeros; the address is 0.0.0.0 if it is not IPv4.
  public mutating func appendSocketAddress(_ endpoint: Endpoint) {
    var address: UInt32 = 0
    if case .ipv4(let value) = endpoint.address { address = value }
    appendLittle(UInt16(2))
    appendBig(endpoint.port)
    appendBig(address)
    appendBig(UInt64(0))
  }
}
