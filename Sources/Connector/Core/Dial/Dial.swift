import BitcoinWire
import ControlProtocol
import Observations

/// A connect that was asked for: to whom, under which id, and who is told what becomes of it.
final class Dial {
  /// The connection's id, which its requester knows already.
  let id: UInt32

  /// To whom, and how.
  let target: ConnectTarget

  /// The client that is told; nil where nobody is, or it has left.
  weak var requester: ControlSession?

  /// Its request.
  let request: UInt32

  /// Whose turn it is: connects with the same one wait for each other.
  let lane: ObjectIdentifier?

  /// Where it is kept: how many attempts in a row came to nothing.
  let failures: Int

  /// Why it is given up while it waits; nil if it is not.
  var cancellation: Outcome?

  /// When its handshake was done, on the monotonic clock in ns; nil before.
  var openedAt: UInt64?

  /// Describes a connect.
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

  /// The next attempt of one that is kept.
  ///
  /// - Parameter failures: how many in a row have come to nothing.
  func next(_ id: UInt32, failures: Int) -> Dial {
    // None of them delays what a client waits for.
    Dial(id, to: target, for: requester, request: request, lane: nil, failures: failures)
  }
}
