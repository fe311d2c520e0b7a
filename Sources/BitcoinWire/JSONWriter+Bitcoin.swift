import Bytes
import JSON

extension JSONWriter {
  /// Writes a hash in its text form; null where there is none.
  public mutating func member(_ name: StaticString, _ value: Hash256?) {
    guard let value else { return member(name, nil as String?) }
    member(name, plain: { value.append(digits: &$0) })
  }

  /// Writes a list of hashes in their text form.
  public mutating func member(_ name: StaticString, _ values: [Hash256]) {
    member(name, values, plain: { $1.append(digits: &$0) })
  }

  /// Writes a number as a text of hexadecimal digits, as many as its type has, the highest first: what is
  /// a pattern of bits, or may exceed the 53 that many programs read exactly. Null where there is none.
  public mutating func member<T: FixedWidthInteger>(_ name: StaticString, fixedHexadecimal value: T?) {
    guard let value else { return member(name, nil as String?) }
    withUnsafeBytes(of: value.bigEndian) { hexadecimal(name, $0) }
  }

  /// Writes services, all 64 bits, and their names.
  public mutating func member(services: ServiceFlags, in dialect: Dialect) {
    member("services", fixedHexadecimal: services.rawValue)
    member("service_names", dialect.names(of: services))
  }

  /// Writes where a node is.
  public mutating func member(endpoint: Endpoint) {
    member("network", endpoint.address.network.description)
    member("address", endpoint.address.description)
    member("port", endpoint.port)
  }

  /// Writes the nodes that a peer tells of.
  public mutating func nodes(_ nodes: [KnownNode], in dialect: Dialect) {
    objects("nodes", nodes) { json, node in
      json.member("time", node.time)
      json.member(services: node.services, in: dialect)
      json.member(endpoint: node.endpoint)
    }
  }
}
