import BitcoinWire
import Bytes
import Configuration
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import LogServerCore
import Logging
import Observations
import TestSupport
import Testing

@testable import ConnectorCore

/// A connector with a log server and a reader, all on one loop, and peers driven by the test.
final class Bench {
  static let network = Network.regtest

  let folder = TemporaryFolder()
  let loop: EventLoop
  let server: LogServer
  let connector: Connector
  let reader = RecordCollector()
  var peers: [RawClient] = []
  private var listener: Listener?

  init(
    _ settings: String = "",
    bitcoin: String = "",
    network: String = "regtest",
    networks: String = "",
    listeners: String = "( \"AF_INET\", \"127.0.0.1\", 0, 5 )",
    on loop: EventLoop = EventLoop()
  ) throws {
    self.loop = loop
    let text = """
      logger: { root = "\(folder.path)"; archive_grace = 0.0; };
      networks = ( \(networks) );
      connector: { network = "\(network)"; \(settings)
        bitcoin: { listeners = ( \(listeners) ); \(bitcoin) }; };
      """
    let configuration = try Configuration(text: text, file: "test.cfg")
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    server = try LogServer(configuration, on: loop, logger: logger)
    connector = try Connector(configuration, on: loop, logger: logger)
    reader.subscriber = LogSubscriber(
      to: .unix(folder.path + "subscribe"),
      Subscription(),
      on: loop,
      handler: reader
    )
    try loop.run { connector.publisher.isJoined && reader.subscriber.isConnected }
  }

  /// Listens as a peer and makes the connector dial it.
  func dialled() throws -> RawClient {
    let count = peers.count
    listener = try Listener(
      on: .ipv4(0x7f00_0001, port: 0),
      loop: loop,
      accept: { [unowned self] descriptor, _ in peers.append(RawClient(descriptor, on: loop)) },
      fail: { Issue.record($0) }
    )
    _ = connector.dial(ConnectTarget(Endpoint(listener!.address)!), for: nil, request: 0)
    try loop.run { peers.count > count }
    return peers.last!
  }

  /// Dials the connector as a peer.
  func dialling(from local: SocketAddress? = nil, at address: SocketAddress? = nil) throws -> RawClient {
    let peer = try RawClient(address ?? connector.listeningAddresses[0], from: local, on: loop)
    peers.append(peer)
    return peer
  }

  func version(nonce: UInt64 = 1, version: Int32 = 70016) -> Message {
    .version(
      VersionMessage(
        version: version,
        services: [.network],
        time: 0,
        nonce: nonce,
        userAgent: Array("/peer:1/".utf8),
        startHeight: 7,
        relay: true
      )
    )
  }

  /// Completes a handshake as a peer.
  func shake(_ peer: RawClient) throws {
    let opened = connector.statistics.openInbound + connector.statistics.openOutbound
    peer.send(version())
    peer.send(.verack)
    try loop.run { connector.statistics.openInbound + connector.statistics.openOutbound > opened }
    try loop.run {
      reader.numbered.last?.sequence == connector.publisher.lastSequence && peer.commands.contains(.verack)
    }
  }

  /// The connection events in the stream.
  var events: [ConnectionEvent] {
    zip(reader.headers, reader.bodies).compactMap {
      $0.type == .connection ? try? ConnectionEvent($1.span.bytes) : nil
    }
  }

  /// The messages in the stream, in order.
  var messages: [(header: RecordHeader, bytes: [UInt8])] {
    zip(reader.headers, reader.bodies).filter { $0.0.type == .message }.map { (header: $0.0, bytes: $0.1) }
  }

  func last(_ code: ConnectionEvent.Code) throws -> ConnectionEvent {
    try loop.run { events.contains { $0.code == code } }
    return events.last { $0.code == code }!
  }
}

extension RawClient {
  func send(_ message: Message) { stream.write(Bench.network.frame(message)) }

  /// The commands of the messages received.
  var commands: [Command] {
    var commands: [Command] = []
    var rest = received[...]
    while let header = MessageHeader(peeking: Array(rest).span.bytes), header.totalLength <= rest.count {
      commands.append(header.command)
      rest = rest.dropFirst(header.totalLength)
    }
    return commands
  }
}
