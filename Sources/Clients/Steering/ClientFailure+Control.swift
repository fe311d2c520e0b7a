import Commands
import ControlProtocol
import Glibc

extension ClientFailure {
  /// Takes a control client's error; where nobody answers, says what to do about it.
  public init(_ error: ControlClientError) {
    self.init(error.isUnreachable ? .unreachable : .someFailed, error.description)
    guard case .unreachable(_, .failed(let cause)) = error else { return }
    sentence +=
      cause.code == EACCES
      ? " Its socket is for the group that permissions.group names in the configuration: be a member."
      : " Start one with `connector`, or say with --configfile, --root or --control where it is."
  }
}
