import ArgumentParser
import Commands
import ControlProtocol
import JSON
import LogText
import Steering

/// `netmine shutdown`: ends the connector in order.
struct ShutdownCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "shutdown",
    abstract: "End the connector in order: it closes its connections and hands over its records.",
    discussion: "Exit status 0 when it has ended, 1 when it has not within --timeout."
  )

  @Option(help: ArgumentHelp("Seconds to wait for its end.", valueName: "seconds"))
  var timeout = 10.0

  @OptionGroup var options: ClientOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      guard case .shuttingDown = try session.request(.shutDown) else {
        throw session.unexpected("shut down")
      }
      if environment.isJSON {
        var json = JSONWriter()
        json.member("shutting_down", true)
        environment.output.line(json)
      } else {
        environment.output.line("connector: shutting down")
      }
      guard session.waitForEnd(timeout: timeout) else {
        throw ClientFailure(.someFailed, "The connector has not ended within \(timeout) s.")
      }
      return .succeeded
    }
  }
}
