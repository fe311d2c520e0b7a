import BitcoinWire

/// What the last attempt to reach a node came to.
public enum NodeState: UInt8, Sendable, CaseIterable {
  /// Nobody has tried yet.
  case untried = 0
  /// The handshake was done.
  case reachable = 1
  /// It accepts, and closes before it says anything: it has no slot left, or does not want us.
  case full = 2
  /// Nobody listens there.
  case refused = 3
  /// Nobody answered in time, or the handshake was not done in time.
  case timedOut = 4
  /// No way leads there.
  case unreachable = 5
  /// What answers is of another network.
  case wrongNetwork = 6
  /// What answers does not keep to the protocol, or speaks too old a version of it.
  case protocolError = 7
  /// We could not, or did not want to: no descriptors, no proxy, blacklisted. Says nothing of the node.
  case ourFault = 8
  /// It is we ourselves.
  case ourselves = 9

  /// The name that people and programs read.
  public var name: String {
    switch self {
    case .untried: "untried"
    case .reachable: "reachable"
    case .full: "full"
    case .refused: "refused"
    case .timedOut: "timed out"
    case .unreachable: "unreachable"
    case .wrongNetwork: "wrong network"
    case .protocolError: "protocol error"
    case .ourFault: "our fault"
    case .ourselves: "ourselves"
    }
  }

  /// Whether somebody answers at the address, though no handshake was done: worth another try soon.
  var isPromising: Bool { self == .full || self == .ourFault }

  /// What it means that a connect ended so before its handshake was done.
  public init(_ outcome: ConnectionOutcome) {
    switch outcome {
    case .alreadyConnected: self = .reachable
    case .reset, .closedBeforeVersion, .closedByPeer, .doesNotRead: self = .full
    case .refused: self = .refused
    case .timedOut, .handshakeTimedOut, .messageTimedOut, .pingTimedOut, .silent: self = .timedOut
    case .unreachable, .failed: self = .unreachable
    case .wrongMagic: self = .wrongNetwork
    case .protocolError, .tooOld: self = .protocolError
    case .ourselves: self = .ourselves
    case .turnedAway, .outOfMemory, .blacklisted, .groupFull, .queueFull, .noRoute, .proxy, .outOfDescriptors,
      .outOfPorts, .commanded,
      .shutDown:
      self = .ourFault
    }
  }
}
