import BitcoinWire

/// A node that a crawl has found.
public struct CrawledNode: Sendable {
  /// Where it was reached.
  public let endpoint: Endpoint
  /// What it said, and told.
  public let node: FoundNode
  /// When it was last reached, seconds since the Unix epoch.
  public let lastReached: UInt32
}

extension Crawl {
  /// The nodes that are reachable as far as is known, by address.
  public var reachableNodes: [CrawledNode] {
    nodes.compactMap { index, node in
      guard table[index].state == .reachable else { return nil }
      return CrawledNode(endpoint: table[index].endpoint, node: node, lastReached: table[index].lastReached)
    }.sorted { Self.precedes($0.endpoint, $1.endpoint) }
  }

  /// How many candidates are in each state, by network.
  public var states: [NodeState: [NetworkID: Int]] {
    var states: [NodeState: [NetworkID: Int]] = [:]
    for index in 0..<UInt32(table.count) {
      states[table[index].state, default: [:]][table[index].endpoint.address.network, default: 0] += 1
    }
    return states
  }

  /// How many nodes tell nothing but nonsense.
  public var nonsensicalCount: Int { nodes.values.reduce(0) { $0 + ($1.isNonsensical ? 1 : 0) } }

  private static func precedes(_ left: Endpoint, _ right: Endpoint) -> Bool {
    let networks = (left.address.network.rawValue, right.address.network.rawValue)
    if networks.0 != networks.1 { return networks.0 < networks.1 }
    switch (left.address, right.address) {
    case (.ipv4(let first), .ipv4(let second)) where first != second: return first < second
    case (.ipv6(let first), .ipv6(let second)) where first != second: return first < second
    default:
      let bytes = (left.address.bytes, right.address.bytes)
      if bytes.0 != bytes.1 { return bytes.0.lexicographicallyPrecedes(bytes.1) }
      return left.port < right.port
    }
  }
}
