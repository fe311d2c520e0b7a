import Access
import ArgumentParser
import Bytes
import Configuration
import Daemon
import EventLoop

/// A subcommand of `netmine`.
public protocol ClientCommand: ParsableCommand {
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

  /// Runs on this loop with this output.
  ///
  /// - Parameter hearsSignals: whether signals to the process are for it.
  public func run(on loop: EventLoop, output: Output, hearsSignals: Bool = false) -> ExitStatus {
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
