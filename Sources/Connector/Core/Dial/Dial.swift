import BitcoinWire
import ControlProtocol
import Observations

/// A requested connect: its target, its id, and the client to report to.
final class Dial {
  /// The connection's id. The requester knows it from the reply to its request.
  let id: UInt32

  /// The peer to dial, and the options of the connect.
  let target: ConnectTarget

  /// The client to report to; nil if there is none or it has disconnected.
  weak var requester: ControlSession?

  /// The id of the client's request.
  let request: UInt32

  /// The lane in `DialQueue`. Connects of one lane are dialled in order.
  let lane: ObjectIdentifier?

  /// Failed attempts in a row, for a kept connection.
  let failures: Int

  /// The reason why it was cancelled while it waited; nil if it was not.
  var cancellation: Outcome?

  /// When the handshake was done, on the monotonic clock in ns; nil before.
  var openedAt: UInt64?

  /// Describes a connect that has not begun.
  init(
    _ id: UInt32,
    to target: ConnectTarget,
    for requester: ControlSession?,
    request: UInt32,
    lane: ObjectIdentifier?,
    failures: Int = 0
  ) {
    self.id = id
    self.target = target
    self.requester = requester
    self.request = request
    self.lane = lane
    self.failures = failures
  }

  /// Returns the next attempt for a kept connection.
  ///
  /// - Parameter failures: failed attempts in a row so far.
  func next(_ id: UInt32, failures: Int) -> Dial {
    // Without the client's lane, so that it does not delay the connects that the client waits for.
    Dial(id, to: target, for: requester, request: request, lane: nil, failures: failures)
  }
}
