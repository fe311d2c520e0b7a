import Access
import ArgumentParser
import Bytes
import Configuration
import Daemon
import EventLoop

/// A subcommand of `netmine`.
protocol ClientCommand: ParsableCommand {
  /// The options every program takes.
  var common: CommonOptions { get }

  /// Where its own options say that the connector takes commands.
  var control: String? { get }

  /// Whether to print JSON.
  var isJSON: Bool { get }

  /// Does what was asked and says how it went.
  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus
}

extension ClientCommand {
  /// Runs on a loop of its own with the program's own output; shows errors as sentences on stderr.
  func run() throws {
    do throws(IOError) {
      try DescriptorRoom.check()
    } catch {
      Output.standard.complain("\(error)")
      throw ExitStatus.someFailed.code
    }
    let status = run(on: EventLoop(), output: .standard, hearsSignals: true)
    guard status == .succeeded else { throw status.code }
  }

  /// Runs on this loop with this output.
  ///
  /// - Parameter hearsSignals: whether signals to the process are for it.
  func run(on loop: EventLoop, output: Output, hearsSignals: Bool = false) -> ExitStatus {
    let (status, sentence) = attempt(on: loop, output, hearsSignals)
    if let sentence { output.complain(sentence) }
    guard let failure = output.failure else { return status }
    // What could not be printed counts, whatever else happened.
    let words = "\(failure)."
    if sentence != words { output.complain(words) }
    return .someFailed
  }

  /// Does what was asked; returns how it went, and what there is to complain of.
  private func attempt(
    on loop: EventLoop,
    _ output: Output,
    _ hearsSignals: Bool
  ) -> (ExitStatus, complaint: String?) {
    do {
      let configuration = try common.configuration()
      let status = try execute(
        ClientEnvironment(
          loop: loop,
          output: output,
          configuration: configuration,
          controlAddress: control.map { SocketAddress(server: $0) }
            ?? .unix(configuration.connector.controlPath),
          key: try configuration.readAccessKey().flatMap(AccessKey.init),
          isJSON: isJSON,
          hearsSignals: hearsSignals
        )
      )
      return (status, nil)
    } catch let failure as ClientFailure {
      return (failure.status, failure.sentence)
    } catch {
      return (error is ConfigurationError ? .configuration : .someFailed, "\(error)")
    }
  }
}

/// A subcommand that talks to the connector.
protocol ControlCommand: ClientCommand {
  /// The options every such command takes.
  var options: ClientOptions { get }
}

extension ControlCommand {
  var common: CommonOptions { options.common }
  var control: String? { options.control }
  var isJSON: Bool { options.json }
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
  /// What to prove to servers on TCP; nil for none.
  let key: AccessKey?
  /// Whether to print JSON.
  let isJSON: Bool
  /// Whether signals to the process are for the command.
  let hearsSignals: Bool

  /// Opens a session with the connector, lends it and closes it.
  func withSession(
    _ body: (ControlSession) throws(ClientFailure) -> ExitStatus
  ) throws(ClientFailure) -> ExitStatus {
    let session = try ControlSession(to: controlAddress, key: key, on: loop)
    defer { session.close() }
    return try body(session)
  }
}
