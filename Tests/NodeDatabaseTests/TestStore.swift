import BitcoinWire
import NodeDatabase
import Observations
import TestSupport

/// A node database for one test, in SQLite or PostgreSQL.
final class TestStore {
  /// The kinds of databases available here.
  static let kinds = PostgreSQLServer.programs == nil ? ["sqlite"] : ["sqlite", "postgres"]

  let folder = TemporaryFolder()
  let place: String
  let store: NodeStore
  private let server: PostgreSQLServer?

  init(_ kind: String) throws {
    server = kind == "postgres" ? try PostgreSQLServer(folder) : nil
    place = server?.address ?? folder.path + "nodes.sqlite"
    store = try NodeStore.open(place)
  }

  /// The store, opened once more, as by another program.
  func reopened(isReadOnly: Bool = false) throws -> NodeStore {
    try NodeStore.open(place, isReadOnly: isReadOnly)
  }

  /// The node of an endpoint; nil if the store has none.
  func node(_ endpoint: Endpoint) throws -> NodeRecord? {
    try store.nodes().first { $0.endpoint == endpoint }
  }
}

/// Endpoints and times for tests.
enum Made {
  /// A time in ns since the Unix epoch, `seconds` after 2026-01-01T00:00:00Z.
  static func time(_ seconds: Double) -> UInt64 { UInt64((1_767_225_600 + seconds) * 1e9) }

  static func endpoint(_ number: UInt32, port: UInt16 = 8333) -> Endpoint {
    Endpoint(.ipv4(0x0102_0000 + number), port: port)
  }

  static func reached(
    _ endpoint: Endpoint,
    _ seconds: Double,
    agent: String = "/Satoshi:30.0.0/",
    services: ServiceFlags = [.network, .witness],
    height: Int32 = 900_000
  ) -> Observation {
    var attempt = Attempt(endpoint, time: time(seconds), outcome: nil)
    attempt.connectDuration = 20_000_000
    attempt.handshakeDuration = 40_000_000
    attempt.introduction = PeerIntroduction(
      protocolVersion: 70016,
      services: services,
      userAgent: Array(agent.utf8),
      startHeight: height,
      relay: true
    )
    return .attempt(attempt)
  }

  static func failed(_ endpoint: Endpoint, _ seconds: Double, _ code: Outcome.Code) -> Observation {
    .attempt(Attempt(endpoint, time: time(seconds), outcome: Outcome(code, .text("details"))))
  }

  static func heard(_ endpoint: Endpoint, _ seconds: Double, from advertiser: Endpoint? = nil) -> Observation
  {
    .advertisement(
      Advertisement(
        endpoint,
        time: time(seconds),
        advertiser: advertiser,
        claimedTime: UInt32(1_767_225_600 + seconds - 60),
        services: [.network]
      )
    )
  }
}
