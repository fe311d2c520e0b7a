import BitcoinWire
import ControlProtocol
import Observations

/// One of each request, reply and event, with every field set.
enum Samples {
  static let endpoints = [
    Endpoint("1.2.3.4:8333")!,
    Endpoint("[2001:db8::1]:18444")!,
    Endpoint(.torV3(Bytes32(Array<UInt8>(1...32).span.bytes)), port: 9050),
    Endpoint(.other(NetworkID(rawValue: 9), []), port: 1),
  ]

  static let requests: [ControlRequest] = [
    .hello(versions: 0...2, client: "netmine 0.1.0"),
    .registerMessage(Network.regtest.frame("getaddr")),
    .registerMessage([]),
    .listMessages,
    .forgetMessage(77),
    .connect(endpoints.map { ConnectTarget($0) }),
    .connect([ConnectTarget(endpoints[0], local: endpoints[1])]),
    .connect([
      {
        var target = ConnectTarget(endpoints[2], local: endpoints[1])
        target.proxy = endpoints[0]
        target.services = [.network, .witness]
        target.userAgent = Array("/x:1/".utf8)
        target.relay = false
        return target
      }(),
      {
        var target = ConnectTarget(endpoints[0])
        target.userAgent = []
        target.relay = true
        return target
      }(),
    ]),
    .connect([]),
    .disconnect(.all),
    .disconnect(.connections([1, .max])),
    .disconnect(.filter(filter)),
    .disconnect(.filter(ConnectionFilter())),
    .send(SendRequest(.registered(3), to: .all)),
    .send(SendRequest(.registered(3), to: .filter(filter))),
    .send(SendRequest(.message([1, 2, 3]), to: .connections([5]), unchecked: true)),
    .listConnections(after: 5, limit: 1000),
    .listConnections(after: 5, limit: 1000, of: .filter(filter)),
    .statistics,
    .reload,
    .shutDown,
  ]

  static let filter: ConnectionFilter = {
    var filter = ConnectionFilter()
    filter.networks = [.ipv6, .torV3]
    filter.ranges = ["10.0.0.0/8", "2001:db8::/32", "fc00::1", "0.0.0.0/0"].map { AddressRange($0)! }
    filter.userAgents = ["/satoshi:", ""]
    filter.services = .network
    filter.lackingServices = .bloom
    filter.direction = .inbound
    filter.states = [.open, .connecting]
    filter.sample = 8
    return filter
  }()

  static let connection: ConnectionInfo = {
    var info = ConnectionInfo(
      id: 12,
      direction: .inbound,
      state: .open,
      remote: endpoints[1],
      local: endpoints[0],
      since: 1_700_000_000_000_000_001
    )
    info.introduction.protocolVersion = -1
    info.introduction.services = [.network, .witness]
    info.introduction.userAgent = Array("/Satoshi:29.0.0/".utf8)
    info.introduction.startHeight = 900_001
    info.introduction.relay = true
    info.ping = 2
    info.bytesReceived = 3
    info.bytesSent = 4
    info.messagesReceived = 5
    info.messagesSent = 6
    info.opened = 7
    info.lastReceived = 8
    info.lastSent = 9
    info.shortestPing = 10
    info.feeFilter = 11
    info.features = [.addrV2, .highBandwidth]
    info.bytesWaiting = 12
    return info
  }()

  static let bare = ConnectionInfo(
    id: 13,
    direction: .outbound,
    state: .connecting,
    remote: endpoints[3],
    local: endpoints[3],
    since: 0
  )

  static let statistics: ConnectorStatistics = {
    var statistics = ConnectorStatistics()
    statistics.time = 1
    statistics.since = 2
    statistics.processID = 3
    statistics.version = "0.1.0"
    statistics.networkName = "regtest"
    statistics.magic = Network.regtest.magic
    statistics.source = 5
    statistics.instance = 6
    statistics.isPublishing = true
    statistics.connecting = 7
    statistics.openInbound = 8
    statistics.registeredMessages = .max
    statistics.fetchesRequested = 9
    statistics.fetchesPending = 10
    statistics.connectsWaiting = 11
    statistics.connectionsKept = 12
    statistics.refusal = "no"
    return statistics
  }()

  static let replies: [ControlReply] = [
    .hello(
      ServerHello(
        server: "connector 0.1.0",
        networkName: "regtest",
        magic: Network.regtest.magic,
        defaultPort: 18444,
        instance: .max,
        reach: .simulation
      )
    ),
    .messageRegistered(1),
    .messages([RegisteredMessage(id: 1, command: "getaddr", byteCount: 24)]),
    .messageForgotten,
    .connecting([1, 2, 3]),
    .disconnecting(count: 2, missing: [9]),
    .sending(count: 10_000, missing: []),
    .connections([connection, bare], next: 13),
    .statistics(statistics),
    .reloaded("nothing has changed"),
    .shuttingDown,
    .failure(ControlFailure(.noSuchConnection, "No connection has the id 9.")),
  ]

  static let events: [ControlEvent] = [
    .connected(1, local: endpoints[0], duration: 15),
    .handshaken(
      1,
      PeerIntroduction(
        protocolVersion: 70016,
        services: .network,
        userAgent: [0xff, 0],
        startHeight: -1,
        relay: false
      ),
      duration: 16
    ),
    .connectFailed(2, Outcome(.refused, errorNumber: 111)),
    .closed(3, Outcome(.closedByPeer)),
    .sent(count: 4, lost: 1),
    .again(5, next: 6, delay: 7_000_000_000),
  ]
}
