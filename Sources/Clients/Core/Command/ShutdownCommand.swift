import ArgumentParser
import ControlProtocol

/// `netmine shutdown`: ends the connector in order.
struct ShutdownCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "shutdown",
    abstract: "End the connector in order: it closes its connections and hands over its records."
  )

  @OptionGroup var options: ClientOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      guard case .shuttingDown = try session.request(.shutDown) else {
        throw session.unexpected("shut down")
      }
      if environment.isJSON {
        environment.output.line(["shutting_down": .bool(true)])
      } else {
        environment.output.line("connector: shutting down")
      }
      return .succeeded
    }
  }
}
