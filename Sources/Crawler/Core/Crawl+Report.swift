import BitcoinWire
import Observations

/// A node that the crawl has found.
public struct CrawledNode: Sendable {
  /// The endpoint at which it was reached.
  public let endpoint: Endpoint
  /// Its introduction and its answers.
  public let node: FoundNode
  /// When it was last reached, in seconds since the Unix epoch.
  public let lastReached: UInt32
}

extension Crawl {
  /// The nodes that are reachable by the last attempt, in order of address.
  public var reachableNodes: [CrawledNode] {
    nodes.keys.compactMap { table[$0].state == .reachable ? crawled($0) : nil }.sorted {
      Self.precedes($0.endpoint, $1.endpoint)
    }
  }

  func crawled(_ index: UInt32) -> CrawledNode? {
    nodes[index].map {
      CrawledNode(endpoint: table[index].endpoint, node: $0, lastReached: table[index].lastReached)
    }
  }

  /// The endpoints of the nodes that are connected now.
  public var connected: [Endpoint] { links.values.map { table[$0.index].endpoint } }

  /// The connections that this crawl made or is making.
  public var ownConnections: [UInt32] {
    links.filter(\.value.isOurs).map(\.key) + flights.keys
  }

  /// Calls `body` with addresses advertised since a time and the time of their last advertisement, in
  /// portions.
  ///
  /// - Parameters:
  ///   - since: the start in seconds since the Unix epoch, itself included. `body` gets the same unit.
  ///   - from: the place to continue from: 0 at first.
  ///   - limit: the most addresses per call.
  /// - Returns: the place to continue from; nil at the end.
  public func forEachHeard(since: UInt32, from: Int, limit: Int, _ body: (Endpoint, UInt32) -> Void) -> Int? {
    var left = limit
    for index in from..<max(from, table.count) {
      let candidate = table[UInt32(index)]
      guard candidate.lastHeard >= since else { continue }
      guard left > 0 else { return index }
      left -= 1
      body(candidate.endpoint, candidate.lastHeard)
    }
    return nil
  }

  /// The numbers of candidates in each state, by network.
  public var states: [NodeState: [NetworkID: Int]] {
    var states: [NodeState: [NetworkID: Int]] = [:]
    for index in 0..<UInt32(table.count) {
      states[table[index].state, default: [:]][table[index].endpoint.address.network, default: 0] += 1
    }
    return states
  }

  /// The number of nodes whose addresses are not believed.
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
