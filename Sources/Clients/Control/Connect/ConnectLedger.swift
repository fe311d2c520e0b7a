import BitcoinWire
import ControlProtocol

/// The hosts that are still to be tried, the connects in progress, and counts of the outcomes.
///
/// The addresses of a host are tried one after another until a connection to one is open.
struct ConnectLedger {
  private struct Trial {
    let host: String
    let endpoint: Endpoint
    var alternatives: ArraySlice<Endpoint>
  }

  private var queue: [Trial] = []
  private var running: [UInt32: Trial] = [:]

  /// The number of hosts with an open connection.
  private(set) var openCount = 0

  /// The number of hosts that have failed.
  private(set) var failedCount = 0

  /// The number of hosts without an outcome yet.
  var pendingCount: Int { queue.count + running.count }

  /// Adds a host with its addresses; there must be at least one.
  mutating func add(_ host: String, at endpoints: [Endpoint]) {
    queue.append(Trial(host: host, endpoint: endpoints[0], alternatives: endpoints.dropFirst()))
  }

  /// Counts a host that cannot be tried, for example a name without an address.
  mutating func addFailure(_ host: String, _ reason: String) -> ConnectOutcome {
    failedCount += 1
    return ConnectOutcome(host: host, endpoint: nil, connection: nil, result: .untried(reason))
  }

  /// The endpoints to connect to next, at most `limit`.
  func nextEndpoints(limit: Int) -> [Endpoint] { queue.prefix(limit).map(\.endpoint) }

  /// Records that the connector has started connecting to the next endpoints, under these ids. Returns the
  /// hosts with their endpoints and ids.
  mutating func begun(_ connections: [UInt32]) -> [ConnectOutcome] {
    let begun = zip(connections, queue).map { connection, trial in
      running[connection] = trial
      return ConnectOutcome(
        host: trial.host,
        endpoint: trial.endpoint,
        connection: connection,
        result: .pending
      )
    }
    queue.removeFirst(begun.count)
    return begun
  }

  /// Handles an event; returns the outcome of a host if it is now known.
  mutating func handle(_ event: ControlEvent) -> ConnectOutcome? {
    guard let connection = event.connection, let trial = running[connection] else { return nil }
    switch event {
    case .connected, .sent, .again: return nil
    case .handshaken(_, let peer, let duration):
      running[connection] = nil
      openCount += 1
      return outcome(trial, connection, .open(peer, duration: duration))
    case .connectFailed(_, let ended), .closed(_, let ended):
      running[connection] = nil
      if let next = trial.alternatives.first {
        queue.append(Trial(host: trial.host, endpoint: next, alternatives: trial.alternatives.dropFirst()))
        return nil
      }
      failedCount += 1
      return outcome(trial, connection, .failed(ended))
    }
  }

  /// The hosts without an outcome: those in progress, ordered by connection id, then those not started.
  var pending: [ConnectOutcome] {
    running.sorted { $0.key < $1.key }.map { outcome($0.value, $0.key, .pending) }
      + queue.map { outcome($0, nil, .pending) }
  }

  private func outcome(_ trial: Trial, _ connection: UInt32?, _ result: ConnectOutcome.Result)
    -> ConnectOutcome
  {
    ConnectOutcome(host: trial.host, endpoint: trial.endpoint, connection: connection, result: result)
  }
}
