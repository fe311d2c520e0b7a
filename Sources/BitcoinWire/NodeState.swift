/// What is known of the endpoint of a node, by the last attempt to reach it. Raw values are what people and programs
/// read.
public enum NodeState: String, CaseIterable, Sendable {
  /// It was only heard of.
  case untried
  /// The handshake was done.
  case reachable
  /// Somebody accepts there and closes before the handshake is done: a node without a free slot, or one that does not
  /// want us.
  case full
  /// Nobody listens there.
  case refused
  /// Nobody answered in time, or the handshake was not done in time.
  case timedOut = "timed out"
  /// No way leads there.
  case unreachable
  /// Who answers is of another network, or no Bitcoin at all.
  case wrongNetwork = "wrong network"
  /// Who answers does not speak as the protocol asks, or too old a version of it.
  case protocolError = "protocol error"
  /// The attempt failed for our reasons (no descriptors, no proxy, blacklisted), and says nothing of the endpoint.
  case ourFault = "our fault"
  /// It is we ourselves.
  case ourselves

  /// What an attempt shows.
  ///
  /// - Parameters:
  ///   - outcome: what ended it before the handshake was done; nil where it was done.
  public init(_ outcome: ConnectionOutcome?) {
    switch outcome {
    case nil, .alreadyConnected: self = .reachable
    case .closedBeforeVersion, .closedByPeer, .reset: self = .full
    case .refused: self = .refused
    case .timedOut, .handshakeTimedOut, .messageTimedOut, .pingTimedOut, .silent: self = .timedOut
    case .unreachable: self = .unreachable
    case .wrongMagic: self = .wrongNetwork
    case .protocolError, .tooOld, .doesNotRead: self = .protocolError
    case .ourselves: self = .ourselves
    case .turnedAway, .outOfMemory, .blacklisted, .groupFull, .queueFull, .noRoute, .proxy, .outOfDescriptors,
      .outOfPorts, .commanded, .shutDown, .failed:
      self = .ourFault
    }
  }
}
