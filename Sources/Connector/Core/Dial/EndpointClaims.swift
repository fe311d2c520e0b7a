import BitcoinWire

/// The connections to each endpoint, including those that wait or are being made; and how many connections
/// each network group has, not counting those that wait.
struct EndpointClaims {
  private var owners: [Endpoint: UInt32] = [:]
  /// Further connections to the same endpoint, which clients asked for explicitly.
  private var others: [Endpoint: Set<UInt32>] = [:]
  private var groups: [NetworkGroup: Int] = [:]

  /// The id of the connection to an endpoint; nil if there is none.
  func owner(of endpoint: Endpoint) -> UInt32? { owners[endpoint] }

  /// The number of connections to an address's network group.
  func count(near address: NetworkAddress) -> Int { groups[address.group] ?? 0 }

  /// Records a requested connection.
  mutating func claim(_ endpoint: Endpoint, by id: UInt32) {
    if owners[endpoint] == nil { owners[endpoint] = id } else { others[endpoint, default: []].insert(id) }
  }

  /// Removes a connection that is over or failed.
  mutating func release(_ endpoint: Endpoint, by id: UInt32) {
    if owners[endpoint] != id {
      others[endpoint]?.remove(id)
    } else {
      owners[endpoint] = others[endpoint]?.min()
      owners[endpoint].map { _ = others[endpoint]?.remove($0) }
    }
    if others[endpoint]?.isEmpty ?? false { others[endpoint] = nil }
  }

  /// Counts a connection that begins.
  mutating func enter(_ address: NetworkAddress) { groups[address.group, default: 0] += 1 }

  /// Removes a connection that had begun from the count.
  mutating func leave(_ address: NetworkAddress) {
    let group = address.group
    let count = (groups[group] ?? 0) - 1
    groups[group] = count > 0 ? count : nil
  }
}
