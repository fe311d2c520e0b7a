/// What became of a connection, or of the attempt to make one: how each reason in the log stream and in the control
/// protocol begins, so that programs can tell them apart. What follows `": "` is for people.
public enum ConnectionOutcome: String, Sendable, CaseIterable {
  /// Nobody listens there.
  case refused
  /// Nobody answered in time.
  case timedOut = "timed out"
  /// No way leads there, or something on it forbids it.
  case unreachable
  /// The other end broke the connection off; `reset: before version` is often a node that is full.
  case reset
  /// The other end closed before it said anything, as nodes do that are full or do not want us.
  case closedBeforeVersion = "closed before version"
  /// The other end closed in order.
  case closedByPeer = "closed by peer"
  /// The handshake was not done in time.
  case handshakeTimedOut = "handshake timed out"
  /// A message did not get whole in time.
  case messageTimedOut = "message timed out"
  /// A ping was not answered in time.
  case pingTimedOut = "ping timed out"
  /// Nothing came for long.
  case silent
  /// What came is of another network, or no Bitcoin at all.
  case wrongMagic = "wrong magic"
  /// What came is not what the protocol allows.
  case protocolError = "protocol error"
  /// The peer's protocol version is below the one configured.
  case tooOld = "protocol version too low"
  /// The peer takes too little of what is sent to it.
  case doesNotRead = "peer does not read"
  /// It connects too often, or too many times, or too many others do.
  case turnedAway = "turned away"
  /// Peers hold as much memory as they may, and this one more than others.
  case outOfMemory = "out of memory"
  /// The other end is we ourselves.
  case ourselves = "connected to ourselves"
  /// The blacklist has the address.
  case blacklisted
  /// There is a connection of ours to the address and port: `already connected: connection 17`.
  case alreadyConnected = "already connected"
  /// There are as many connections to its network group as are allowed.
  case groupFull = "group full"
  /// As many connects wait as are allowed.
  case queueFull = "queue full"
  /// The address needs a proxy, and none is configured.
  case noRoute = "no route"
  /// The proxy is not there, or could not.
  case proxy
  /// Our fault: no more descriptors or memory for sockets.
  case outOfDescriptors = "out of descriptors"
  /// Our fault: no local port is left for this destination.
  case outOfPorts = "out of ports"
  /// A client's command ended it.
  case commanded = "disconnected by command"
  /// The connector ended.
  case shutDown = "connector shuts down"
  /// Anything else.
  case failed

  /// Reads what a reason begins with; nil where that is none of these.
  public init?(reason: String) {
    var end = reason.startIndex
    while end < reason.endIndex, reason[end] != ":" { end = reason.index(after: end) }
    self.init(rawValue: String(reason[..<end]))
  }

  /// A reason that begins with it.
  public func reason(_ details: String = "") -> String {
    details.isEmpty ? rawValue : "\(rawValue): \(details)"
  }
}
