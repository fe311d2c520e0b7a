import ArgumentParser
import Commands
import ControlProtocol
import JSON
import LogText
import Steering

/// `netmine shutdown`: shuts the connector down.
struct ShutdownCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "shutdown",
    abstract: "Shut the connector down. It first closes its connections and delivers its records.",
    discussion: "Exit status: 0 if the connector has exited, 1 if it has not exited within --timeout."
  )

  @Option(help: ArgumentHelp("Seconds to wait until the connector has exited.", valueName: "seconds"))
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
        throw ClientFailure(.someFailed, "The connector did not exit within \(timeout) s.")
      }
      return .succeeded
    }
  }
}
