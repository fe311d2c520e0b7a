import Access
import Bytes
import EventLoop

/// The reason why a client has no reply, or an unsuccessful one.
public enum ControlClientError: Error, Equatable, CustomStringConvertible {
  /// No connector answers at the address.
  case unreachable(SocketAddress, AccessError)
  /// The connector did not answer in time: the awaited reply, and the time-out in seconds.
  case timedOut(String, seconds: Double)
  /// The connection is lost: the reason.
  case disconnected(String)
  /// The input is not the control protocol: the reason.
  case malformed(String)
  /// The connector refused the request.
  case refused(ControlFailure)

  /// Whether there is no connector to talk to. False if a connector refused the request.
  public var isUnreachable: Bool {
    switch self {
    case .unreachable, .timedOut, .disconnected, .malformed: true
    case .refused: false
    }
  }

  /// A sentence that describes the failure.
  public var description: String {
    switch self {
    case .unreachable(let address, let error):
      "No connector answers on \(address): \(error.reason)."
    case .timedOut(let what, let seconds):
      "The connector did not answer \(what) within \(Self.text(seconds)) s."
    case .disconnected(let reason):
      "The connection to the connector is lost: \(reason)."
    case .malformed(let reason):
      "The server does not speak the control protocol: \(reason)."
    case .refused(let failure): failure.sentence
    }
  }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
  }
}
