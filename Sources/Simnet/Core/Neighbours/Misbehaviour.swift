import BitcoinWire
import Bytes
import Observations

/// An unpleasant node's behaviour on one connection, without a socket. Its input is events, its output steps.
struct Misbehaviour {
  /// A step for the caller.
  enum Step: Equatable {
    /// Send whole messages.
    case send([UInt8])
    /// Send bytes that are not a whole message.
    case raw([UInt8])
    /// Send these bytes one at a time.
    case trickle([UInt8])
    /// Stop reading.
    case deafen
    /// Close the connection, for the given reason.
    case close(String)
    /// Reset the connection, for the given reason.
    case reset(String)
  }

  /// Number of garbage bytes.
  static let garbageCount = 4096

  /// Addresses in one message of an address spammer (`MAX_ADDR_TO_SEND`).
  static let addressCount = 1000

  /// Items in one `inv` of an inventory flooder, and in one `getdata` of a node that never reads.
  static let inventoryCount = 1000

  /// Pings that a ping flooder sends at once.
  static let pingCount = 50

  private let kind: Neighbour
  private let node: SimulatedNode
  private let network: Network
  private let direction: Conversation.Direction
  private let height: Int32
  private let spam: SpamAddresses?
  private var random: RandomSource
  private var usesAddrV2 = false
  private var turn = 0

  /// Whether the handshake is complete. It stays false for kinds without a handshake.
  private(set) var isEstablished = false

  /// Creates the behaviour.
  ///
  /// - Parameters:
  ///   - height: height of the best block, which it claims to have.
  ///   - spam: the addresses that an address spammer sends; nil if it invents them.
  ///   - random: the source of everything it invents.
  init(
    _ kind: Neighbour,
    of node: SimulatedNode,
    on network: Network,
    _ direction: Conversation.Direction,
    height: Int,
    spam: SpamAddresses?,
    random: RandomSource
  ) {
    self.kind = kind
    self.node = node
    self.network = network
    self.direction = direction
    self.height = Int32(clamping: height)
    self.spam = spam
    self.random = random
  }

  /// Steps at the start of a connection.
  ///
  /// - Parameter now: ns since the Unix epoch, here and below.
  mutating func open(at now: UInt64) -> [Step] {
    switch kind {
    case .full: return [.close("no slot is free")]
    case .slowLoris: return [.trickle(network.frame(version(at: now)))]
    case .garbage: return [.raw(random.bytes(Self.garbageCount))]
    case .wrongMagic:
      let foreign = network.magic == Network.mainnet.magic ? Network.testnet4 : Network.mainnet
      return [.raw(foreign.frame(version(at: now)))]
    case .hugeLength: return [.raw(header("version", .max) + random.bytes(100))]
    default: return kind.shakesHands && direction == .outbound ? [.send(network.frame(version(at: now)))] : []
    }
  }

  /// Steps in answer to a message.
  mutating func receive(_ command: Command, _ payload: [UInt8], at now: UInt64) -> [Step] {
    if kind == .resetter, command == .version {
      return [.raw(Array(network.frame(version(at: now)).prefix(60))), .reset("reset within version")]
    }
    guard kind.shakesHands else { return [] }
    switch command {
    case .version where !isEstablished:
      let own = direction == .inbound ? network.frame(version(at: now)) : []
      return [.send(own + network.frame(.sendaddrv2) + network.frame(.verack))]
    case .sendaddrv2:
      usesAddrV2 = true
      return []
    case .verack where !isEstablished:
      isEstablished = true
      return settle(at: now)
    case .ping where isEstablished && kind.answersPings && payload.count == 8:
      return [.send(network.frame("pong", payload: payload))]
    default: return []
    }
  }

  /// The next messages of a flooder; none before the handshake and for other kinds.
  mutating func goOn(at now: UInt64) -> [Step] {
    guard isEstablished else { return [] }
    turn += 1
    switch kind {
    case .neverReading:
      let wanted = Message.getdata(InventoryMessage(items: inventory(.witnessTx)))
      return [.send(network.frame(wanted) + ping())]
    case .addressSpammer: return [.send(network.frame(addresses(at: now)))]
    case .inventoryFlooder:
      return [.send(network.frame(.inv(InventoryMessage(items: inventory(.wtx)))))]
    case .pingFlooder: return [.send((0..<Self.pingCount).flatMap { _ in ping() })]
    case .wrongChecksum:
      var damaged = ping()
      damaged[20 + turn % 4] ^= 1
      return [.send(damaged)]
    case .overcounting: return [.send(overcounted())]
    default: return []
    }
  }

  private mutating func settle(at now: UInt64) -> [Step] {
    switch kind {
    case .overlong: [.raw(header("tx", UInt32(MessageHeader.maximumLength + 1)) + random.bytes(100))]
    case .promise: [.raw(header("block", UInt32(MessageHeader.maximumLength)))]
    case .neverReading: [.deafen]
    case .versionTwice: [.send(network.frame(version(at: now)))]
    default: []
    }
  }

  private mutating func version(at now: UInt64) -> Message {
    .version(
      VersionMessage(
        version: node.profile.version,
        services: node.profile.services,
        time: Int64(now / 1_000_000_000),
        nonce: random.next(),
        userAgent: Array(node.profile.userAgent.utf8),
        startHeight: height,
        relay: true
      )
    )
  }

  private mutating func header(_ command: Command, _ length: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    let checksum = UInt32(truncatingIfNeeded: random.next())
    MessageHeader(magic: network.magic, command: command, length: length, checksum: checksum)
      .append(to: &bytes)
    return bytes
  }

  private mutating func ping() -> [UInt8] { network.frame(.ping(PingMessage(nonce: random.next()))) }

  private mutating func inventory(_ type: InventoryType) -> [InventoryItem] {
    (0..<Self.inventoryCount).map { _ in InventoryItem(type, hash()) }
  }

  private mutating func hash() -> Hash256 {
    let bytes = random.bytes(32)
    return Hash256(Bytes32(bytes.span.bytes))
  }

  /// A message whose counts promise more than its bytes can hold. Four kinds take turns.
  private mutating func overcounted() -> [UInt8] {
    switch turn % 4 {
    // 50,000 items, the most allowed, but only one follows.
    case 0: network.frame("inv", payload: [0xfd, 0x50, 0xc3, 1, 0, 0, 0] + random.bytes(32))
    case 1: network.frame("headers", payload: [0xfd, 0xd0, 0x07] + random.bytes(81))
    case 2: network.frame("addr", payload: [UInt8](repeating: 0xff, count: 9))
    default: network.frame("tx", payload: random.bytes(4) + [0xfe, 0xff, 0xff, 0xff, 0x7f])
    }
  }

  private mutating func addresses(at now: UInt64) -> Message {
    let seconds = UInt32(truncatingIfNeeded: now / 1_000_000_000)
    let nodes = (0..<Self.addressCount).map { _ in
      spam.map { $0.random(at: seconds, using: &random) }
        ?? KnownNode(
          time: seconds &- UInt32.random(in: 0..<2_000_000, using: &random) &+ 600_000,
          services: ServiceFlags(rawValue: random.next()),
          endpoint: Endpoint(address(), port: UInt16.random(in: 0 ... .max, using: &random))
        )
    }
    return usesAddrV2 ? .addrv2(AddrV2Message(nodes: nodes)) : .addr(AddrMessage(nodes: nodes))
  }

  private mutating func address() -> NetworkAddress {
    let ipv4 = NetworkAddress.ipv4(UInt32(truncatingIfNeeded: random.next()))
    let choice = usesAddrV2 ? Int.random(in: 0..<6, using: &random) : Int.random(in: 0..<2, using: &random)
    switch choice {
    case 0: return ipv4
    case 1: return .ipv6(UInt128(random.next()) << 64 | UInt128(random.next()))
    case 2: return NetworkAddress(network: .torV3, bytes: random.bytes(32)) ?? ipv4
    case 3: return NetworkAddress(network: .i2p, bytes: random.bytes(32)) ?? ipv4
    case 4: return NetworkAddress(network: .cjdns, bytes: [0xfc] + random.bytes(15)) ?? ipv4
    default:
      // An unknown network, with addresses up to the greatest allowed length.
      let bytes = random.bytes(Int.random(in: 0...512, using: &random))
      return NetworkAddress(network: NetworkID(rawValue: 99), bytes: bytes) ?? ipv4
    }
  }
}
