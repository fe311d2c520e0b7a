import BitcoinWire
import ControlProtocol
import Observations

extension ControlSession {
  /// The connections that a target chooses, sorted by id.
  func connections(of target: ControlTarget = .all) throws(ClientFailure) -> [ConnectionInfo] {
    var connections: [ConnectionInfo] = []
    var after: UInt32 = 0
    repeat {
      let reply = try request(.listConnections(after: after, limit: 0, of: target))
      guard case .connections(let page, let next) = reply, next == 0 || next > after else {
        throw unexpected("list connections")
      }
      connections += page
      after = next
    } while after != 0
    return connections
  }

  /// The connections that a command's options choose, sorted by id, and the given ids that have no such
  /// connection.
  ///
  /// - Parameters:
  ///   - direction: the direction to choose if the options give none; nil for both.
  ///   - states: the states of connections to include.
  func connections(
    _ options: TargetOptions,
    direction: Direction? = nil,
    in states: Set<ConnectionInfo.State> = [.open]
  ) throws(ClientFailure) -> (found: [ConnectionInfo], missing: [UInt32]) {
    var target = options.target(direction: direction)
    // The connector would draw a new sample for each page, so the sample is drawn here.
    if case .filter(var filter) = target {
      filter.sample = nil
      target = .filter(filter)
    }
    var found = try connections(of: target).filter { states.contains($0.state) }
    if let count = options.random, count < found.count {
      found = found.shuffled().prefix(Int(count)).sorted { $0.id < $1.id }
    }
    guard case .connections(let named) = target else { return (found, []) }
    let ids = Set(found.map(\.id))
    return (found, named.filter { !ids.contains($0) })
  }
}
