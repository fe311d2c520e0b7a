import Commands
import ControlProtocol
import Glibc

extension ClientFailure {
  /// Wraps a control client's error. If the connector does not answer, adds how to fix that.
  public init(_ error: ControlClientError) {
    self.init(error.isUnreachable ? .unreachable : .someFailed, error.description)
    guard case .unreachable(_, .failed(let cause)) = error else { return }
    sentence +=
      cause.code == EACCES
      ? " Join the group named by permissions.group in the configuration."
      : " Start one with `connector`, or give its address with --configfile, --root or --control."
  }
}
