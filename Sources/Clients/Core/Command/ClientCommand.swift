import ArgumentParser
import Configuration
import EventLoop

/// A subcommand of `netmine`.
protocol ClientCommand: ParsableCommand {
  /// The options every client command takes.
  var options: ClientOptions { get }

  /// Does what was asked and says how it went.
  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus
}

extension ClientCommand {
  /// Runs on a loop of its own with the program's own output; shows errors as sentences on stderr.
  func run() throws {
    let output = Output.standard
    let status = run(on: EventLoop(), output: output)
    guard status == .succeeded else { throw status.code }
  }

  /// Runs on this loop with this output.
  func run(on loop: EventLoop, output: Output) -> ExitStatus {
    do {
      let configuration = try options.common.configuration()
      let environment = ClientEnvironment(
        loop: loop,
        output: output,
        configuration: configuration,
        controlAddress: options.controlAddress(configuration),
        isJSON: options.json
      )
      return try execute(environment)
    } catch let failure as ClientFailure {
      output.complain(failure.sentence)
      return failure.status
    } catch {
      output.complain("\(error)")
      return error is ConfigurationError ? .configuration : .someFailed
    }
  }
}

/// What a client command works with.
struct ClientEnvironment {
  /// The loop it waits on.
  let loop: EventLoop
  /// Where it prints.
  let output: Output
  /// What the operator chose.
  let configuration: Configuration
  /// Where the connector takes commands.
  let controlAddress: SocketAddress
  /// Whether to print JSON.
  let isJSON: Bool

  /// Opens a session with the connector, lends it and closes it.
  func withSession(
    _ body: (ControlSession) throws(ClientFailure) -> ExitStatus
  ) throws(ClientFailure) -> ExitStatus {
    let session = try ControlSession(to: controlAddress, on: loop)
    defer { session.close() }
    return try body(session)
  }
}
