import Bytes
import JSON

extension JSONWriter {
  /// Writes a hash in its text form; null for nil.
  public mutating func member(_ name: StaticString, _ value: Hash256?) {
    guard let value else { return member(name, nil as String?) }
    member(name, plain: { value.append(digits: &$0) })
  }

  /// Writes a list of hashes in their text form.
  public mutating func member(_ name: StaticString, _ values: [Hash256]) {
    member(name, values, plain: { $1.append(digits: &$0) })
  }

  /// Writes a number as a string of hexadecimal digits at its type's full width, the most significant first.
  /// For bit patterns, and for numbers above the 53 bits that many programs read exactly. Null for nil.
  public mutating func member<T: FixedWidthInteger>(_ name: StaticString, fixedHexadecimal value: T?) {
    guard let value else { return member(name, nil as String?) }
    withUnsafeBytes(of: value.bigEndian) { hexadecimal(name, $0) }
  }

  /// Writes services: all 64 bits, and their names.
  public mutating func member(services: ServiceFlags, in dialect: Dialect) {
    member("services", fixedHexadecimal: services.rawValue)
    member("service_names", dialect.names(of: services))
  }

  /// Writes an endpoint as `network`, `address` and `port`.
  public mutating func member(endpoint: Endpoint) {
    member("network", endpoint.address.network.description)
    member("address", endpoint.address.description)
    member("port", endpoint.port)
  }

  /// Writes the nodes of an `addr` or `addrv2`.
  public mutating func nodes(_ nodes: [KnownNode], in dialect: Dialect) {
    objects("nodes", nodes) { json, node in
      json.member("time", node.time)
      json.member(services: node.services, in: dialect)
      json.member(endpoint: node.endpoint)
    }
  }
}
