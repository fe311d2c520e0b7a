import BitcoinWire

/// Collects nodes from a network's DNS seeds.
enum SeedQuery {
  /// Up to `limit` distinct endpoints. They are picked from the seeds in turn, so that no single seed
  /// dominates.
  ///
  /// - Parameter resolve: returns the addresses of a name; nil if it has none.
  static func endpoints(
    of seeds: [String],
    port: UInt16,
    limit: Int,
    resolve: (String) -> [NetworkAddress]?
  ) -> [Endpoint] {
    let answers = seeds.compactMap(resolve)
    var endpoints: [Endpoint] = []
    var seen: Set<NetworkAddress> = []
    for rank in 0..<(answers.map(\.count).max() ?? 0) {
      for answer in answers where rank < answer.count {
        guard endpoints.count < limit else { return endpoints }
        if seen.insert(answer[rank]).inserted { endpoints.append(Endpoint(answer[rank], port: port)) }
      }
    }
    return endpoints
  }
}
