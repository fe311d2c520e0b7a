import BitcoinWire

/// Which of our connections, those being made and waiting included, is to which address and port; and how many of
/// them, waiting ones not counted, are to which network group.
struct EndpointClaims {
  private var owners: [Endpoint: UInt32] = [:]
  /// The others to the same endpoints, where clients asked for another one.
  private var others: [Endpoint: Set<UInt32>] = [:]
  private var groups: [NetworkGroup: Int] = [:]

  /// The connection to an endpoint; nil where there is none.
  func owner(of endpoint: Endpoint) -> UInt32? { owners[endpoint] }

  /// How many are to the group that an address is in.
  func count(near address: NetworkAddress) -> Int { groups[address.group] ?? 0 }

  /// A connection is asked for.
  mutating func claim(_ endpoint: Endpoint, by id: UInt32) {
    if owners[endpoint] == nil { owners[endpoint] = id } else { others[endpoint, default: []].insert(id) }
  }

  /// A connection is over, or was not made.
  mutating func release(_ endpoint: Endpoint, by id: UInt32) {
    if owners[endpoint] != id {
      others[endpoint]?.remove(id)
    } else {
      owners[endpoint] = others[endpoint]?.min()
      owners[endpoint].map { _ = others[endpoint]?.remove($0) }
    }
    if others[endpoint]?.isEmpty ?? false { others[endpoint] = nil }
  }

  /// A connection to an address is begun.
  mutating func enter(_ address: NetworkAddress) { groups[address.group, default: 0] += 1 }

  /// One that was begun is over.
  mutating func leave(_ address: NetworkAddress) {
    let group = address.group
    let count = (groups[group] ?? 0) - 1
    groups[group] = count > 0 ? count : nil
  }
}
