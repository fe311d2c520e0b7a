import ControlProtocol
import Glibc

/// Why a command cannot go on: what its caller and its script are told.
public struct ClientFailure: Error, Equatable, CustomStringConvertible {
  /// How the command ends.
  public var status: ExitStatus

  /// What went wrong and what to do about it; one sentence or more.
  public var sentence: String

  /// Creates a failure.
  public init(_ status: ExitStatus, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  /// Takes a control client's error; where nobody answers, says what to do about it.
  public init(_ error: ControlClientError) {
    self.init(error.isUnreachable ? .unreachable : .someFailed, error.description)
    guard case .unreachable(_, .failed(let cause)) = error else { return }
    sentence +=
      cause.code == EACCES
      ? " Its socket is for the group that permissions.group names in the configuration: be a member."
      : " Start one with `connector`, or say with --configfile, --root or --control where it is."
  }

  /// The sentence.
  public var description: String { sentence }
}
