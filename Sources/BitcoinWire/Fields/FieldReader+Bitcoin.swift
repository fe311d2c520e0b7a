import Bytes

extension FieldReader {
  /// A list of whole numbers; empty if the field is absent.
  public mutating func integers<T: FixedWidthInteger>(_ name: String) throws(FieldError) -> [T] {
    try list(name) { (item: inout FieldReader) throws(FieldError) in try item.integer(Self.value) }
  }

  /// A list of hashes in reversed byte order; empty if the field is absent.
  public mutating func hashes(_ name: String) throws(FieldError) -> [Hash256] {
    try list(name) { (item: inout FieldReader) throws(FieldError) in try item.requiredHash(Self.value) }
  }

  /// The field `transactions`, a block's; empty if it is absent.
  public mutating func transactions() throws(FieldError) -> [Transaction] {
    try list("transactions") { (item: inout FieldReader) throws(FieldError) in try Transaction(fields: &item)
    }
  }

  /// A value written as hexadecimal bytes: a list element that is not an object, or the field `bytes`. Nil if
  /// there is neither.
  public mutating func whole<T: WireValue>() throws(FieldError) -> T? {
    guard let name = [Self.value, "bytes"].first(where: { has($0) }) else { return nil }
    let bytes = try self.bytes(name)
    do throws(WireError) {
      var reader = ByteReader(bytes.span.bytes)
      let payload = try T(from: &reader)
      try reader.finish("payload")
      return payload
    } catch {
      throw self.error(name, "cannot be read: \(error)")
    }
  }

  /// A list element written as `address:port`; nil if it is an object.
  public mutating func plainEndpoint() throws(FieldError) -> Endpoint? {
    guard let text = try plainText() else { return nil }
    guard let endpoint = Endpoint(text) else { throw error(Self.value, "is not written as address:port") }
    return endpoint
  }

  /// The fields `network`, `address` and `port`.
  public mutating func endpoint() throws(FieldError) -> Endpoint {
    let network = try escaped("network").map { String(decoding: $0, as: UTF8.self) }
    let text = try escaped("address").map { String(decoding: $0, as: UTF8.self) } ?? "::"
    guard var address = NetworkAddress(text) else { throw error("address", "is not an address") }
    // Some IPv6 addresses parse as IPv4 or CJDNS. If `network` says IPv6, they are IPv6.
    if network == NetworkID.ipv6.description {
      switch address {
      case .ipv4(let mapped): address = .ipv6(0xffff_0000_0000 | UInt128(mapped))
      case .cjdns(let literal): address = .ipv6(literal)
      default: break
      }
    }
    return Endpoint(address, port: try integer("port", default: 0))
  }
}
