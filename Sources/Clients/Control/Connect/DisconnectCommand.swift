import ArgumentParser
import Commands
import ControlProtocol
import JSON
import LogText
import Steering

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
