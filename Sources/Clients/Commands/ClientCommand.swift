import Access
import ArgumentParser
import Bytes
import Configuration
import Daemon
import EventLoop

/// A subcommand of `netmine`.
public protocol ClientCommand: ParsableCommand {
  /// The options that all programs have.
  var common: CommonOptions { get }

  /// The connector's control address from the command's options; nil to use the configured one.
  var control: String? { get }

  /// Whether to print JSON.
  var isJSON: Bool { get }

  /// Executes the command and returns its exit status.
  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus
}

extension ClientCommand {
  /// Runs on a new event loop, printing to stdout and stderr. Prints errors as sentences on stderr.
  public func run() throws {
    do throws(IOError) {
      try DescriptorRoom.check()
    } catch {
      Output.standard.complain("\(error)")
      throw ExitStatus.someFailed.code
    }
    let status = run(on: EventLoop(), output: .standard, hearsSignals: true)
    guard status == .succeeded else { throw status.code }
  }

  /// Runs on a given event loop with a given output.
  ///
  /// - Parameter hearsSignals: whether signals to the process are for this command.
  public func run(on loop: EventLoop, output: Output, hearsSignals: Bool = false) -> ExitStatus {
    let (status, sentence) = attempt(on: loop, output, hearsSignals)
    if let sentence { output.complain(sentence) }
    guard let failure = output.failure else { return status }
    // An output error makes the command fail, whatever else happened.
    let words = "\(failure)."
    if sentence != words { output.complain(words) }
    return .someFailed
  }

  /// Executes the command; returns its exit status and a sentence about an error, if there was one.
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
