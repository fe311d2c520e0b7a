import ArgumentParser
import ControlProtocol
import EventLoop

/// `netmine nodes`: lists the connections.
struct NodesCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes",
    abstract: "List the connections: who is at the other end and what was exchanged.",
    discussion: "IN and OUT count messages. --json tells more."
  )

  @OptionGroup var options: ClientOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      var connections: [ConnectionInfo] = []
      var after: UInt32 = 0
      repeat {
        let reply = try session.request(.listConnections(after: after, limit: 0))
        guard case .connections(let page, let next) = reply, next == 0 || next > after else {
          throw session.unexpected("list connections")
        }
        if environment.isJSON {
          for connection in page { environment.output.line(NodeTable.json(connection)) }
        } else {
          connections += page
        }
        after = next
      } while after != 0 && !environment.output.isClosed
      if environment.isJSON { return .succeeded }
      guard !connections.isEmpty else {
        environment.output.note("No connections. `netmine connect HOST` makes one.")
        return .succeeded
      }
      for line in NodeTable.lines(connections, now: Clock.now()) { environment.output.line(line) }
      return .succeeded
    }
  }
}
