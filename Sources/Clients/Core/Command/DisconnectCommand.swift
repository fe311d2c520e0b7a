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

      `netmine nodes` shows the ids. Connections that are still being made are closed too. Exit status 1 when a \
      named connection is not there.
      """
  )

  @Argument(help: ArgumentHelp("Ids of the connections.", valueName: "id"))
  var ids: [IdentifierList] = []

  @OptionGroup(title: "Which connections") var targets: TargetOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard ids.isEmpty == targets.isGiven else {
      throw ValidationError("Name the connections' ids, or say --all or which.")
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
  /// Has connections closed; returns how many are, and the ids that none has.
  func disconnect(_ target: ControlTarget) throws(ClientFailure) -> (count: UInt32, missing: [UInt32]) {
    let request = ControlRequest.disconnect(target)
    guard case .disconnecting(let count, let missing) = try self.request(request) else {
      throw unexpected(request.name)
    }
    return (count, missing)
  }

  /// Has those of some connections closed that are there; returns how many are.
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
