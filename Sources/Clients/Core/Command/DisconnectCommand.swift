import ArgumentParser
import ControlProtocol
import JSON
import LogText

/// `netmine disconnect`: closes connections.
struct DisconnectCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "disconnect",
    abstract: "Close connections.",
    discussion: """
      For example:
        netmine disconnect 5,6 9
        netmine disconnect --inbound --in 10.0.0.0/8

      `netmine nodes` prints the ids. Connections that are still connecting or in handshake are closed too. \
      Exit status 1 if a given id has no connection.
      """
  )

  @Argument(help: ArgumentHelp("Ids of the connections to close.", valueName: "id"))
  var ids: [IdentifierList] = []

  @OptionGroup(title: "Which connections") var targets: TargetOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard ids.isEmpty == targets.isGiven else {
      throw ValidationError("Give either connection ids or options that choose connections, such as --all.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      let target = ids.isEmpty ? targets.target() : .connections(ids.flatMap(\.identifiers))
      let (count, missing) = try session.disconnect(target)
      if environment.isJSON {
        var json = JSONWriter()
        json.member("closed", count)
        json.member("missing", missing)
        environment.output.line(json)
        return missing.isEmpty ? .succeeded : .someFailed
      }
      environment.output.line("\(Quantity.counted(count, "connection")) closed")
      return environment.complain(missing: missing)
    }
  }
}

extension ControlSession {
  /// Closes connections; returns the number closed, and the requested ids that have no connection.
  func disconnect(_ target: ControlTarget) throws(ClientFailure) -> (count: UInt32, missing: [UInt32]) {
    let request = ControlRequest.disconnect(target)
    guard case .disconnecting(let count, let missing) = try self.request(request) else {
      throw unexpected(request.name)
    }
    return (count, missing)
  }

  /// Closes those of the given connections that still exist; returns their number, or 0 if the connector
  /// refuses.
  @discardableResult
  func disconnectIfThere(_ connections: [UInt32]) throws(ClientFailure) -> UInt32 {
    do throws(ClientFailure) {
      return try disconnect(.connections(connections)).count
    } catch {
      guard error.status == .someFailed else { throw error }
      return 0
    }
  }
}
