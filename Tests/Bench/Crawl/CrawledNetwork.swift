import BitcoinWire

/// Addresses of a network. Whether an address has a node follows from the address alone, so that none is
/// stored.
struct CrawledNetwork {
  private let nodes: UInt32
  private let dead: UInt32
  private let spam: UInt32
  private let back: UInt32

  /// The number of nodes whose address can be dialled.
  let reachableCount: Int

  /// An odd number: multiplying by it scatters addresses, multiplying by its inverse undoes that.
  private static let factor: UInt32 = 0x9e37_79b1

  /// Creates a network.
  init(nodes: Int, dead: Int, spam: Int) {
    self.nodes = UInt32(nodes)
    self.dead = UInt32(dead)
    self.spam = UInt32(spam)
    var inverse: UInt32 = Self.factor
    for _ in 0..<5 { inverse = inverse &* (2 &- Self.factor &* inverse) }
    back = inverse
    reachableCount = (0..<UInt32(nodes)).count { Self.endpoint($0).address.isRoutable }
  }

  /// The endpoint with a number.
  static func endpoint(_ number: UInt32) -> Endpoint { Endpoint(.ipv4(number &* factor), port: 8333) }

  /// Whether an endpoint has a node.
  func isNode(_ endpoint: Endpoint) -> Bool {
    guard case .ipv4(let address) = endpoint.address else { return false }
    return address &* back < nodes
  }

  /// A node's answer: 1,000 addresses, 40 % of them nodes, 40 % dead addresses, 20 % spam.
  func answer(_ random: inout some RandomNumberGenerator, time: UInt32) -> [KnownNode] {
    (0..<1000).map { _ in
      let lot = UInt32.random(in: 0..<10, using: &random)
      let number =
        lot < 4 || dead == 0
        ? UInt32.random(in: 0..<nodes, using: &random)
        : lot < 8 || spam == 0
          ? nodes + UInt32.random(in: 0..<dead, using: &random)
          : nodes + dead + UInt32.random(in: 0..<spam, using: &random)
      return KnownNode(time: time, services: .network, endpoint: Self.endpoint(number))
    }
  }
}
