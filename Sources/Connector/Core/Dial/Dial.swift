import BitcoinWire
import ControlProtocol

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

  /// Describes a connect.
  init(
    _ id: UInt32,
    to target: ConnectTarget,
    for requester: ControlSession?,
    request: UInt32,
    lane: ObjectIdentifier?
  ) {
    self.id = id
    self.target = target
    self.requester = requester
    self.request = request
    self.lane = lane
  }
}
