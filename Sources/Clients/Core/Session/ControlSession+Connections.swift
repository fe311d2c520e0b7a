import BitcoinWire
import ControlProtocol
import Observations

extension ControlSession {
  /// The connections of a target, in the order of their ids.
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

  /// The connections that a command's options choose, in the order of their ids; and the ids that are named and
  /// that none of them has.
  ///
  /// - Parameters:
  ///   - direction: which end must have opened a connection, where the options do not say; nil for either.
  ///   - states: how far a connection must have come.
  func connections(
    _ options: TargetOptions,
    direction: Direction? = nil,
    in states: Set<ConnectionInfo.State> = [.open]
  ) throws(ClientFailure) -> (found: [ConnectionInfo], missing: [UInt32]) {
    var target = options.target(direction: direction)
    // Each page would be drawn anew: the draw is ours.
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
