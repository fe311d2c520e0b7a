import BitcoinWire
import Crawler
import NodeDatabase
import Observations

/// Something that a crawl found, as small as it came: there may be many that wait to be written.
enum CrawlFinding: Sendable {
  /// What an attempt came to.
  case attempt(CrawlAttempt)
  /// Addresses that somebody told of.
  case telling(CrawlTelling)
  /// Anything else.
  case other(Observation)

  /// How many observations it is.
  var count: Int {
    if case .telling(let telling) = self { telling.nodes.count } else { 1 }
  }

  /// Adds what the database of nodes is told of it.
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

  /// Seconds since the Unix epoch in ns.
  static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, seconds) * 1e9) }
}

extension Attempt {
  /// What the database of nodes is told of an attempt.
  init(_ attempt: CrawlAttempt) {
    self.init(attempt.endpoint, time: CrawlFinding.nanoseconds(attempt.time), state: attempt.state)
    outcome = attempt.outcome
    connectDuration = attempt.connectDuration
    handshakeDuration = attempt.handshakeDuration
    introduction = attempt.introduction
  }
}
