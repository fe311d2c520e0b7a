import Observations
import Wording

extension ConnectionEvent {
  /// The reason for the connection's end in words; empty if it has not ended.
  public var reason: String { outcome?.words ?? "" }
}
