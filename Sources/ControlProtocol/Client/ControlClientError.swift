import Access
import Bytes
import EventLoop

/// Why a client has no answer, or not the one it asked for.
public enum ControlClientError: Error, Equatable, CustomStringConvertible {
  /// Nobody answers at the address.
  case unreachable(SocketAddress, AccessError)
  /// The connector has not answered in time: what was waited for, and the seconds.
  case timedOut(String, seconds: Double)
  /// The connection is gone: why.
  case disconnected(String)
  /// What came back is not the control protocol: why.
  case malformed(String)
  /// The connector said no.
  case refused(ControlFailure)

  /// Whether there is no connector to talk to, as opposed to one that says no.
  public var isUnreachable: Bool {
    switch self {
    case .unreachable, .timedOut, .disconnected, .malformed: true
    case .refused: false
    }
  }

  /// A sentence that says what went wrong.
  public var description: String {
    switch self {
    case .unreachable(let address, let error):
      "No connector answers on \(address): \(error.reason)."
    case .timedOut(let what, let seconds):
      "The connector has not answered \(what) within \(Self.text(seconds)) s."
    case .disconnected(let reason):
      "The connection to the connector is gone: \(reason)."
    case .malformed(let reason):
      "What answers does not speak the control protocol: \(reason)."
    case .refused(let failure): failure.sentence
    }
  }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
  }
}
