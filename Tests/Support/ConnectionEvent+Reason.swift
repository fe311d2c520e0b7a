import Observations
import Wording

extension ConnectionEvent {
  /// Why the connection ended, in words; empty if it did not.
  public var reason: String { outcome?.words ?? "" }
}
