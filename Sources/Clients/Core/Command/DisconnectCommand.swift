import ArgumentParser
import ControlProtocol
import JSON
import LogText

/// `netmine disconnect`: closes connections.
struct DisconnectCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "disconnect",
    abstract: "Close connections.",
    discussion: "`netmine nodes` shows the ids."
  )

  @Argument(help: ArgumentHelp("Ids of the connections.", valueName: "id"))
  var ids: [IdentifierList] = []

  @Flag(help: "Close all connections.")
  var all = false

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard ids.isEmpty == all else { throw ValidationError("Name the connections' ids, or say --all.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      let request = ControlRequest.disconnect(all ? .all : .connections(ids.flatMap(\.identifiers)))
      guard case .disconnecting(let count, let missing) = try session.request(request) else {
        throw session.unexpected(request.name)
      }
      if environment.isJSON {
        var json = JSONWriter()
        json.member("closed", count)
        json.member("missing", missing)
        environment.output.line(json)
      } else {
        environment.output.line("\(Quantity.counted(count, "connection")) closed")
        if !missing.isEmpty {
          environment.output.complain(
            "There is no connection \(missing.map(String.init).joined(separator: ", "))."
          )
        }
      }
      return missing.isEmpty ? .succeeded : .someFailed
    }
  }
}
