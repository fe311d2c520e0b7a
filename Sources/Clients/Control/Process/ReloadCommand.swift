import ArgumentParser
import Commands
import ControlProtocol
import JSON
import LogText
import Steering

/// `netmine reload`: makes the connector read its configuration again.
struct ReloadCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Make the connector read its configuration again."
  )

  @OptionGroup var options: ClientOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      guard case .reloaded(let changes) = try session.request(.reload) else {
        throw session.unexpected("reload")
      }
      if environment.isJSON {
        var json = JSONWriter()
        json.member("reloaded", true)
        json.member("changes", changes)
        environment.output.line(json)
      } else {
        environment.output.line("connector: \(changes)")
      }
      return .succeeded
    }
  }
}
