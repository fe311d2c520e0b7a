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
  /// - Parameter code: what ended it before the handshake was done; nil if it was done. One that this version does not know
  ///   is taken for our fault: it says nothing of the endpoint.
  public init(_ code: Outcome.Code?) { self = code.map { Self.shown[$0] ?? .ourFault } ?? .reachable }

  /// Whether this version knows what a code shows.
  public static func shows(_ code: Outcome.Code) -> Bool { shown[code] != nil }

  /// What each code shows of the endpoint.
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
