import ControlProtocol
import Glibc

/// The reason why a command fails: an exit status for scripts and a sentence for people.
public struct ClientFailure: Error, Equatable, CustomStringConvertible {
  /// The exit status of the command.
  public var status: ExitStatus

  /// One or more sentences: the error, and how to fix it.
  public var sentence: String

  /// Creates a failure.
  public init(_ status: ExitStatus, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  /// Wraps a control client's error. If the connector does not answer, adds how to fix that.
  public init(_ error: ControlClientError) {
    self.init(error.isUnreachable ? .unreachable : .someFailed, error.description)
    guard case .unreachable(_, .failed(let cause)) = error else { return }
    sentence +=
      cause.code == EACCES
      ? " Join the group named by permissions.group in the configuration."
      : " Start one with `connector`, or give its address with --configfile, --root or --control."
  }

  /// The sentence.
  public var description: String { sentence }
}
