import BitcoinWire
import Crawler
import NodeDatabase
import Observations

/// A result of a crawl, kept as small as it came, because many may wait to be written.
enum CrawlFinding: Sendable {
  /// The result of a dial attempt.
  case attempt(CrawlAttempt)
  /// Addresses that a node sent.
  case telling(CrawlTelling)
  /// Another observation.
  case other(Observation)

  /// The number of observations that it makes.
  var count: Int {
    if case .telling(let telling) = self { telling.nodes.count } else { 1 }
  }

  /// Appends its observations for the node database.
  func append(to observations: inout [Observation]) {
    switch self {
    case .attempt(let attempt): observations.append(.attempt(Attempt(attempt)))
    case .telling(let telling):
      for node in telling.nodes {
        let advertisement = Advertisement(
          Endpoint(node.endpoint.address.unmapped, port: node.endpoint.port),
          time: Self.nanoseconds(telling.time),
          advertiser: telling.advertiser,
          claimedTime: node.time,
          services: node.services
        )
        observations.append(.advertisement(advertisement))
      }
    case .other(let observation): observations.append(observation)
    }
  }

  /// Converts seconds since the Unix epoch to ns.
  static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, seconds) * 1e9) }
}

extension Attempt {
  /// The node database's form of a crawl attempt.
  init(_ attempt: CrawlAttempt) {
    self.init(attempt.endpoint, time: CrawlFinding.nanoseconds(attempt.time), state: attempt.state)
    outcome = attempt.outcome
    connectDuration = attempt.connectDuration
    handshakeDuration = attempt.handshakeDuration
    introduction = attempt.introduction
  }
}
