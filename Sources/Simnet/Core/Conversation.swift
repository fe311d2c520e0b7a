import BitcoinWire
import Observations

/// A node's side of the protocol with one peer, as Bitcoin Core implements it, without a socket.
///
/// Its input is messages and the time, its output actions. Answers to `getdata` are made one at a time on
/// demand, so that a peer that requests much and reads nothing costs little.
public struct Conversation: Sendable {
  /// The end that opened the connection.
  public enum Direction: Sendable {
    /// The peer opened it.
    case inbound
    /// The node opened it.
    case outbound
  }

  /// An action for the caller.
  public enum Action: Equatable, Sendable {
    /// Send this message.
    case send(Message)
    /// Accept this transaction from the peer at the node.
    case take(Transaction)
    /// Relay these addresses from the peer.
    case hear([KnownNode])
    /// Close the connection, for the given reason.
    case close(String)
  }

  /// The state of the handshake.
  public enum Phase: Sendable {
    /// Waiting for the peer's `version`.
    case awaitingVersion
    /// Waiting for the peer's `verack`.
    case awaitingVerack
    /// The handshake is complete.
    case established
  }

  /// One second in ns.
  static let second: UInt64 = 1_000_000_000

  /// Most ns that a handshake may take (`-peertimeout`).
  static let handshakeTimeout = 60 * second

  /// Time in ns from one `ping` to the next (`PING_INTERVAL`).
  static let pingInterval = 120 * second

  /// Most ns until a `pong` (`TIMEOUT_INTERVAL`).
  static let pongTimeout = 1200 * second

  /// The oldest accepted protocol version (`MIN_PEER_PROTO_VERSION`).
  static let minimumVersion: Int32 = 31800

  /// The protocol version from which on `wtxidrelay` and `sendaddrv2` are negotiated.
  static let featureVersion: Int32 = 70016

  /// Most items that a peer may have requested and not received.
  static let maximumWanted = InventoryMessage.maximumCount

  /// Most transactions requested and not received, and most remembered as known to the peer
  /// (`MAX_PEER_TX_ANNOUNCEMENTS`).
  static let maximumAsked = 5000

  /// The node at our end.
  public let node: SimulatedNode

  /// The end that opened the connection.
  public let direction: Direction

  /// The state of the handshake.
  public internal(set) var phase = Phase.awaitingVersion

  /// Whether the peer wants transactions (`relay` in its `version`, BIP37).
  public internal(set) var relaysTransactions = false

  /// Whether transactions are announced by wtxid (BIP339).
  public internal(set) var usesWtxid = false

  /// Whether the peer accepts `addrv2` (BIP155).
  public internal(set) var usesAddrV2 = false

  /// Whether the peer wants blocks announced by `headers` (BIP130).
  public internal(set) var prefersHeaders = false

  /// Whether the peer wants blocks announced by `cmpctblock` (BIP152).
  public internal(set) var prefersCompact = false

  /// Least fee rate of transactions announced to the peer (BIP133), in satoshis per 1,000 virtual bytes.
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

  /// Starts a conversation.
  ///
  /// - Parameters:
  ///   - peer: endpoint of the other end.
  ///   - random: the source of nonces and waiting times.
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

  /// Actions at the start: the node's `version` if it opened the connection, otherwise none.
  public mutating func open(_ ledger: Ledger, at now: UInt64) -> [Action] {
    direction == .outbound ? [.send(version(ledger, at: now))] : []
  }

  /// Time in ns at which to call `tick` next.
  public var deadline: UInt64 {
    guard phase == .established else { return started + Self.handshakeTimeout }
    return min(selfDue, ping.map { $0.sent + Self.pongTimeout } ?? pingDue)
  }

  /// Performs the due action: a `ping`, the node's own address, or closing after a time-out.
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
