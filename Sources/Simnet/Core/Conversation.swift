import BitcoinWire
import Observations

/// What a node says to one peer, and when: the protocol as Bitcoin Core keeps it, without a socket.
///
/// Messages and time go in, actions come out. Answers to `getdata` wait in it until somebody asks for
/// them, one at a time, so that a peer that asks for much and reads nothing costs little.
public struct Conversation: Sendable {
  /// Who opened the connection.
  public enum Direction: Sendable {
    /// The peer did.
    case inbound
    /// The node did.
    case outbound
  }

  /// What is to be done.
  public enum Action: Equatable, Sendable {
    /// Send this.
    case send(Message)
    /// Take this transaction of the peer's for the node's own.
    case take(Transaction)
    /// Tell these addresses of the peer's on.
    case hear([KnownNode])
    /// Close the connection, and why.
    case close(String)
  }

  /// How far the handshake is.
  public enum Phase: Sendable {
    /// The peer's `version` has not come.
    case awaitingVersion
    /// The peer's `verack` has not come.
    case awaitingVerack
    /// Both are there.
    case established
  }

  /// Seconds as they are counted here: in ns.
  static let second: UInt64 = 1_000_000_000

  /// How long a handshake may take (`-peertimeout`), in ns.
  static let handshakeTimeout = 60 * second

  /// How long it takes from one `ping` to the next (`PING_INTERVAL`), in ns.
  static let pingInterval = 120 * second

  /// How long a `pong` may take (`TIMEOUT_INTERVAL`), in ns.
  static let pongTimeout = 1200 * second

  /// The oldest protocol version that is spoken with (`MIN_PEER_PROTO_VERSION`).
  static let minimumVersion: Int32 = 31800

  /// The protocol version from which on wtxid relay and `addrv2` are negotiated.
  static let featureVersion: Int32 = 70016

  /// The most things a peer may have asked for and not got.
  static let maximumWanted = InventoryMessage.maximumCount

  /// The most transactions that are asked for and not there yet, and that the peer is remembered to have
  /// (`MAX_PEER_TX_ANNOUNCEMENTS`).
  static let maximumAsked = 5000

  /// The node that speaks.
  public let node: SimulatedNode

  /// Who opened the connection.
  public let direction: Direction

  /// How far the handshake is.
  public internal(set) var phase = Phase.awaitingVersion

  /// Whether the peer wants transactions.
  public internal(set) var relaysTransactions = false

  /// Whether transactions are announced by wtxid.
  public internal(set) var usesWtxid = false

  /// Whether the peer takes `addrv2`.
  public internal(set) var usesAddrV2 = false

  /// Whether the peer wants blocks announced by `headers`.
  public internal(set) var prefersHeaders = false

  /// Whether the peer wants blocks announced by compact blocks.
  public internal(set) var prefersCompact = false

  /// What transactions must pay for the peer to want to know of them, in satoshis per 1,000 virtual bytes.
  public internal(set) var feeFilter: Int64 = 0

  let peer: Endpoint
  let started: UInt64
  var random: RandomSource
  var peerVersion: Int32 = 0
  var peerServices: ServiceFlags = []
  var hasAnsweredGetaddr = false
  var sentHeight = -1
  var wanted: [InventoryItem] = []
  var servedCount = 0
  var missing: [InventoryItem] = []
  var asked: Set<Hash256> = []
  var waiting: [Int] = []
  var relaysAddresses = false
  var awaitsAddresses = false
  var addressTokens: (count: Double, time: UInt64)
  var knownAddresses: Set<Endpoint> = []
  var addressesToTell: [KnownNode] = []
  var selfDue: UInt64 = .max
  var knownToPeer: Set<Hash256> = []
  var pingDue: UInt64 = .max
  var ping: (nonce: UInt64, sent: UInt64)?

  /// Begins a conversation.
  ///
  /// - Parameters:
  ///   - peer: where the other end is.
  ///   - random: the source of its nonces.
  ///   - now: ns since the Unix epoch.
  public init(
    of node: SimulatedNode,
    with peer: Endpoint,
    _ direction: Direction,
    random: RandomSource,
    at now: UInt64
  ) {
    self.node = node
    self.peer = peer
    self.direction = direction
    self.random = random
    started = now
    addressTokens = (1, now)
  }

  /// What the node says first: its version where it opened the connection, otherwise nothing.
  public mutating func open(_ ledger: Ledger, at now: UInt64) -> [Action] {
    direction == .outbound ? [.send(version(ledger, at: now))] : []
  }

  /// When `tick` is next to be called, in ns.
  public var deadline: UInt64 {
    guard phase == .established else { return started + Self.handshakeTimeout }
    return min(selfDue, ping.map { $0.sent + Self.pongTimeout } ?? pingDue)
  }

  /// Does what is due: keeps the connection alive, or gives it up.
  public mutating func tick(at now: UInt64) -> [Action] {
    guard now >= deadline else { return [] }
    guard phase == .established else { return [.close("the handshake took too long")] }
    if now >= selfDue { return announceSelf(at: now) }
    return ping == nil ? [sendPing(at: now)] : [.close("no pong came")]
  }

  mutating func sendPing(at now: UInt64) -> Action {
    let nonce = random.next()
    ping = (nonce, now)
    return .send(.ping(PingMessage(nonce: nonce)))
  }
}
