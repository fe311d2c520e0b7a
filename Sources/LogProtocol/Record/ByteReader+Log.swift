import BitcoinWire
import Bytes

extension ByteReader {
  /// Reads a text with its length in bytes before it (u16); bytes that are not UTF-8 are replaced.
  @_lifetime(self: copy self)
  mutating func text(_ field: StaticString) throws(WireError) -> String {
    String(decoding: try prefixedBytes(field), as: UTF8.self)
  }

  /// Reads bytes with their count before them (u16).
  @_lifetime(self: copy self)
  mutating func prefixedBytes(_ field: StaticString) throws(WireError) -> [UInt8] {
    try array(Int(try big(UInt16.self, field)), field)
  }

  /// Reads an endpoint: u8 network (BIP155), u16 count of the address's bytes, the address, u16 port.
  @_lifetime(self: copy self)
  mutating func endpoint(_ field: StaticString) throws(WireError) -> Endpoint {
    let start = offset
    let network = NetworkID(rawValue: try big(UInt8.self, field))
    let bytes = try prefixedBytes(field)
    guard let address = NetworkAddress(network: network, bytes: bytes) else {
      throw WireError(
        .invalid("has \(bytes.count) bytes, which no address of network \(network.rawValue) has"),
        field: field,
        offset: start
      )
    }
    return Endpoint(address, port: try big(UInt16.self, field))
  }
}

extension Array where Element == UInt8 {
  /// Appends a text with its length in bytes before it (u16); what exceeds 65,535 bytes is left out.
  mutating func appendText(_ text: String) { appendPrefixed(Array(text.utf8)) }

  /// Appends bytes with their count before them (u16); what exceeds 65,535 bytes is left out.
  mutating func appendPrefixed(_ bytes: some Collection<UInt8>) {
    appendBig(UInt16(clamping: bytes.count))
    append(contentsOf: bytes.prefix(Int(UInt16.max)))
  }

  /// Appends an endpoint: u8 network (BIP155), u16 count of the address's bytes, the address, u16 port.
  mutating func appendEndpoint(_ endpoint: Endpoint) {
    append(endpoint.address.network.rawValue)
    appendPrefixed(endpoint.address.bytes)
    appendBig(endpoint.port)
  }
}
