/// The way a connection, or the attempt to open one, ended: a code that programs decide by, the system's
/// error number, and typed details.
///
/// Layout, big-endian: u16 code (0 alone stands for no outcome), u32 errno, u8 kind of the detail, u16 count
/// and bytes of the detail (docs/log-format.md).
public struct Outcome: Hashable, Sendable {
  /// The way it ended.
  public var code: Code

  /// The error number in Linux's numbering; 0 if the system reported no error.
  public var errorNumber: UInt32

  /// The details besides the code.
  public var detail: Detail

  /// Creates an outcome.
  public init(_ code: Code, errorNumber: UInt32 = 0, _ detail: Detail = .none) {
    self.code = code
    self.errorNumber = errorNumber
    self.detail = detail
  }

  /// A stable number for each way to end, with a name. Unknown numbers come from later versions.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The number in records and in the control protocol.
    public let rawValue: UInt16

    /// Wraps a number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Only text is known: from a coinscope source, or a connector before 0.2.
    public static let unspecified = Code(rawValue: 1)
    /// No program listens at the address.
    public static let refused = Code(rawValue: 2)
    /// There was no answer in time.
    public static let timedOut = Code(rawValue: 3)
    /// No route leads to the address, or a firewall forbids it.
    public static let unreachable = Code(rawValue: 4)
    /// The peer reset the connection. Before `version`, it is often a node without a free slot.
    public static let reset = Code(rawValue: 5)
    /// The peer closed before it sent `version`, as nodes do that are full or have banned us.
    public static let closedBeforeVersion = Code(rawValue: 6)
    /// The peer closed the connection normally (FIN).
    public static let closedByPeer = Code(rawValue: 7)
    /// The handshake was not done in time.
    public static let handshakeTimedOut = Code(rawValue: 8)
    /// A message was not complete in time.
    public static let messageTimedOut = Code(rawValue: 9)
    /// A ping was not answered in time.
    public static let pingTimedOut = Code(rawValue: 10)
    /// No byte arrived for too long.
    public static let silent = Code(rawValue: 11)
    /// The peer is on another network, or does not speak Bitcoin.
    public static let wrongMagic = Code(rawValue: 12)
    /// The peer violated the protocol.
    public static let protocolError = Code(rawValue: 13)
    /// The peer's protocol version is below the one configured.
    public static let tooOld = Code(rawValue: 14)
    /// The peer reads too little of the data sent to it.
    public static let doesNotRead = Code(rawValue: 15)
    /// The peer connects too often, or too many peers have connected.
    public static let turnedAway = Code(rawValue: 16)
    /// The memory limit for peers was reached, and this one used more than others.
    public static let outOfMemory = Code(rawValue: 17)
    /// The peer is this connector.
    public static let ourselves = Code(rawValue: 18)
    /// The blacklist contains the address.
    public static let blacklisted = Code(rawValue: 19)
    /// A connection to the same address and port exists.
    public static let alreadyConnected = Code(rawValue: 20)
    /// The limit of connections to the address's network group was reached.
    public static let groupFull = Code(rawValue: 21)
    /// The limit of queued connects was reached.
    public static let queueFull = Code(rawValue: 22)
    /// The address needs a proxy and none is configured, or it is outside the network's reach.
    public static let noRoute = Code(rawValue: 23)
    /// The proxy is down, or could not connect to the peer.
    public static let proxy = Code(rawValue: 24)
    /// Our fault: no file descriptors or no memory for sockets are left.
    public static let outOfDescriptors = Code(rawValue: 25)
    /// Our fault: no local port is left for this destination.
    public static let outOfPorts = Code(rawValue: 26)
    /// A client's command ended it.
    public static let commanded = Code(rawValue: 27)
    /// The connector shut down.
    public static let shutDown = Code(rawValue: 28)
    /// Any other error of the system.
    public static let failed = Code(rawValue: 29)

    /// Every known code with its name in text and JSON, in order of numbers. Numbers and names never change.
    public static let names: [(code: Code, name: String)] = [
      (.unspecified, "unspecified"), (.refused, "refused"), (.timedOut, "timed out"),
      (.unreachable, "unreachable"), (.reset, "reset"), (.closedBeforeVersion, "closed before version"),
      (.closedByPeer, "closed by peer"), (.handshakeTimedOut, "handshake timed out"),
      (.messageTimedOut, "message timed out"), (.pingTimedOut, "ping timed out"), (.silent, "silent"),
      (.wrongMagic, "wrong magic"), (.protocolError, "protocol error"), (.tooOld, "protocol version too low"),
      (.doesNotRead, "peer does not read"), (.turnedAway, "turned away"), (.outOfMemory, "out of memory"),
      (.ourselves, "connected to ourselves"), (.blacklisted, "blacklisted"),
      (.alreadyConnected, "already connected"), (.groupFull, "group full"), (.queueFull, "queue full"),
      (.noRoute, "no route"), (.proxy, "proxy"), (.outOfDescriptors, "out of descriptors"),
      (.outOfPorts, "out of ports"), (.commanded, "disconnected by command"),
      (.shutDown, "connector shuts down"), (.failed, "failed"),
    ]

    /// The name, or `outcome N` for a number that this version does not know.
    public var name: String {
      let index = Int(rawValue) - 1
      return Self.names.indices.contains(index) ? Self.names[index].name : "outcome \(rawValue)"
    }

    /// Looks up the code with a name; nil if there is none.
    public init?(name: some StringProtocol) {
      guard let entry = Self.names.first(where: { $0.name == name }) else { return nil }
      self = entry.code
    }
  }
}
