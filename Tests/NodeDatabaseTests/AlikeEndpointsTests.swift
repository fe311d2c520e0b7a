import BitcoinWire
import NodeDatabase
import TestSupport
import Testing

/// Endpoints with the same text are one node, because the database identifies nodes by their text.
@Suite struct AlikeEndpointsTests {
  /// Endpoints of every network, known or unknown, of every length and with every prefix that has a meaning.
  static let endpoints: [Endpoint] = {
    let prefixes: [[UInt8]] = [
      [], [0xfc], [0xfd], [0xfc, 0, 0, 1], [UInt8](repeating: 0, count: 10) + [0xff, 0xff],
      [0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43],
    ]
    var addresses: [NetworkAddress] = []
    for network in [0, 1, 2, 3, 4, 5, 6, 7, 255] as [UInt8] {
      for length in [0, 4, 10, 16, 32, 512] {
        for prefix in prefixes where prefix.count <= length {
          let bytes = prefix + [UInt8](repeating: 7, count: length - prefix.count)
          if let address = NetworkAddress(network: NetworkID(rawValue: network), bytes: bytes) {
            addresses.append(address)
          }
          addresses.append(.other(NetworkID(rawValue: network), bytes))
        }
      }
    }
    return Array(Set(addresses.map { Endpoint($0, port: 8333) }))
  }()

  @Test(arguments: TestStore.kinds) func areOneNode(_ kind: String) throws {
    let texts = Set(Self.endpoints.map(\.description))
    // Otherwise the test would prove nothing.
    #expect(texts.count < Self.endpoints.count)
    let test = try TestStore(kind)
    let observations = Self.endpoints.flatMap { endpoint in
      [
        Made.heard(endpoint, 0, from: Self.endpoints[0]), Made.heard(endpoint, 1, from: endpoint),
        Made.failed(endpoint, 2, .refused),
      ]
    }
    // First only advertised, all at once; then everything again, one observation at a time.
    try test.store.record(
      observations.filter { if case .advertisement = $0 { true } else { false } }
    )
    try test.store.record(observations)
    for observation in observations { try test.store.record([observation]) }
    let nodes = try test.store.nodes()
    #expect(nodes.map { $0[.endpoint].description }.sorted() == texts.sorted())
    for node in nodes {
      let count = Int64(Self.endpoints.count { $0.description == node[.endpoint].description })
      #expect(node[.attempts] == .integer(2 * count), "\(node[.endpoint])")
      #expect(node[.advertisements] == .integer(6 * count), "\(node[.endpoint])")
    }
  }

  @Test func areOneNodeFromTheirFirstBatchOn() throws {
    let alike: [NetworkAddress] = [.ipv6(0xfc << 120 | 1), .cjdns(0xfc << 120 | 1)]
    for (first, second) in [(0, 1), (1, 0)] {
      let test = try TestStore("sqlite")
      let (teller, told) = (Endpoint(alike[first], port: 8333), Endpoint(alike[second], port: 8333))
      try test.store.record([Made.heard(told, 0, from: teller), Made.reached(teller, 1)])
      #expect(try test.store.nodes().count == 1)
      #expect(try test.store.advertisers(told).map(\.endpoint) == ["[fc00::1]:8333"])
    }
  }
}
