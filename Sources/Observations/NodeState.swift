/// The state of a node's endpoint according to the last attempt to reach it. People and programs read the raw
/// values.
public enum NodeState: String, CaseIterable, Sendable {
  /// The address is known, but was not tried.
  case untried
  /// The handshake was completed.
  case reachable
  /// The endpoint accepts connections and closes them before the handshake is done: a node without a free
  /// slot, or one that has banned us.
  case full
  /// No program listens there.
  case refused
  /// There was no answer in time, or the handshake was not done in time.
  case timedOut = "timed out"
  /// No route leads there.
  case unreachable
  /// The node is on another network, or does not speak Bitcoin.
  case wrongNetwork = "wrong network"
  /// The node violates the protocol, or its version is too old.
  case protocolError = "protocol error"
  /// The attempt failed for our own reasons (no descriptors, no proxy, blacklisted), and shows nothing about
  /// the endpoint.
  case ourFault = "our fault"
  /// The endpoint is this connector.
  case ourselves

  /// The state that an attempt shows.
  ///
  /// - Parameter code: the outcome that ended the attempt before the handshake was done; nil if the handshake
  ///   was done. A code that this version does not know counts as our fault, as it shows nothing about the
  ///   endpoint.
  public init(_ code: Outcome.Code?) { self = code.map { Self.shown[$0] ?? .ourFault } ?? .reachable }

  /// Whether this version knows the state that a code shows.
  public static func shows(_ code: Outcome.Code) -> Bool { shown[code] != nil }

  /// The state of the endpoint that each code shows.
  private static let shown: [Outcome.Code: NodeState] = [
    .alreadyConnected: .reachable,
    .closedBeforeVersion: .full, .closedByPeer: .full, .reset: .full,
    .refused: .refused,
    .timedOut: .timedOut, .handshakeTimedOut: .timedOut, .messageTimedOut: .timedOut,
    .pingTimedOut: .timedOut, .silent: .timedOut,
    .unreachable: .unreachable,
    .wrongMagic: .wrongNetwork,
    .protocolError: .protocolError, .tooOld: .protocolError, .doesNotRead: .protocolError,
    .ourselves: .ourselves,
    .unspecified: .ourFault, .turnedAway: .ourFault, .outOfMemory: .ourFault, .blacklisted: .ourFault,
    .groupFull: .ourFault, .queueFull: .ourFault, .noRoute: .ourFault, .proxy: .ourFault,
    .outOfDescriptors: .ourFault, .outOfPorts: .ourFault, .commanded: .ourFault, .shutDown: .ourFault,
    .failed: .ourFault,
  ]
}
