import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Observations

/// A control server controlled by a test, on the test's own loop.
///
/// By itself it says hello, connects (port 1 is refused, port 2 closes before the handshake, port 3
/// reports nothing), sends, disconnects, and lists `connections` in pages of `pageSize`.
public final class FakeConnector {
  /// The listening address.
  public let address: SocketAddress

  /// Every request received, in order.
  public private(set) var requests: [ControlRequest] = []

  /// Returns a reply in place of the usual one; nil for the usual one.
  public var answer: (ControlRequest) -> ControlReply? = { _ in nil }

  /// Whether it answers nothing.
  public var isSilent = false

  /// The connections that it lists.
  public var connections: [ConnectionInfo] = []

  /// Most connections in one page of a list.
  public var pageSize = 2

  /// The statistics that it reports.
  public var statistics = ConnectorStatistics()

  /// Whether it sends every frame one byte at a time.
  public var isSlow = false

  private var listener: Listener?
  private var nextID: UInt32 = 101
  private var clients: [FakeClient] = []

  /// Starts to listen.
  public init(on address: SocketAddress = .ipv4(0x7f00_0001, port: 0), loop: EventLoop) throws {
    var accept: (Int32) -> Void = { _ in }
    let listener = try Listener(on: address, loop: loop, accept: { fd, _ in accept(fd) }, fail: { _ in })
    self.address = listener.address
    self.listener = listener
    accept = { [unowned self] in clients.append(FakeClient($0, of: self, on: loop)) }
  }

  /// Stops listening and closes all connections.
  public func close() {
    listener?.close()
    for client in clients { client.stream?.close(.closed("done")) }
  }

  /// Sends bytes to every client.
  public func write(_ bytes: [UInt8]) {
    for client in clients { client.write(bytes) }
  }

  func handle(_ request: ControlRequest, id: UInt32, from client: FakeClient) {
    requests.append(request)
    if isSilent { return }
    if let reply = answer(request) { return client.write(reply.frame(id: id)) }
    switch request {
    case .hello:
      let hello = ServerHello(
        server: "fake 1.0",
        networkName: "regtest",
        magic: Network.regtest.magic,
        defaultPort: 18444,
        instance: 5,
        reach: .machine
      )
      client.write(ControlReply.hello(hello).frame(id: id))
    case .connect(let targets): connect(targets, id: id, for: client)
    case .listConnections(let after, _, _):
      let rest = connections.filter { $0.id > after }
      let page = Array(rest.prefix(pageSize))
      let next = rest.count > page.count ? page.last?.id ?? 0 : 0
      client.write(ControlReply.connections(page, next: next).frame(id: id))
    case .send(let request):
      let (count, missing) = find(request.target)
      client.write(ControlReply.sending(count: count, missing: missing).frame(id: id))
      client.write(ControlEvent.sent(count: count, lost: 0).frame(id: id))
    case .disconnect(let target):
      let (count, missing) = find(target)
      client.write(ControlReply.disconnecting(count: count, missing: missing).frame(id: id))
    case .statistics: client.write(ControlReply.statistics(statistics).frame(id: id))
    case .reload: client.write(ControlReply.reloaded("nothing has changed").frame(id: id))
    case .shutDown:
      client.write(ControlReply.shuttingDown.frame(id: id))
      client.stream?.closeAfterWriting("shut down")
    case .registerMessage: client.write(ControlReply.messageRegistered(1).frame(id: id))
    case .listMessages: client.write(ControlReply.messages([]).frame(id: id))
    case .forgetMessage: client.write(ControlReply.messageForgotten.frame(id: id))
    }
  }

  private func connect(_ targets: [ConnectTarget], id: UInt32, for client: FakeClient) {
    let identifiers = targets.indices.map { nextID + UInt32($0) }
    nextID += UInt32(targets.count)
    client.write(ControlReply.connecting(identifiers).frame(id: id))
    let peer = PeerIntroduction(
      protocolVersion: 70016,
      services: [.network, .witness],
      userAgent: Array("/Satoshi:29.0.0/".utf8),
      startHeight: 900_001,
      relay: true
    )
    for (identifier, target) in zip(identifiers, targets) where target.remote.port != 3 {
      if target.remote.port == 1 {
        let event = ControlEvent.connectFailed(identifier, Outcome(.refused, errorNumber: 111))
        client.write(event.frame(id: id))
        continue
      }
      let local = Endpoint(.ipv4(0x7f00_0001), port: 50_000)
      client.write(ControlEvent.connected(identifier, local: local, duration: 1_500_000).frame(id: id))
      if target.remote.port == 2 {
        let event = ControlEvent.closed(identifier, Outcome(.closedByPeer))
        client.write(event.frame(id: id))
      } else {
        client.write(ControlEvent.handshaken(identifier, peer, duration: 23_456_000).frame(id: id))
      }
    }
  }

  private func find(_ target: ControlTarget) -> (UInt32, missing: [UInt32]) {
    guard case .connections(let identifiers) = target else { return (UInt32(connections.count), []) }
    let missing = identifiers.filter { id in !connections.contains { $0.id == id } }
    return (UInt32(identifiers.count - missing.count), missing)
  }
}

/// One client of a fake connector.
final class FakeClient: ByteStreamHandler {
  private(set) var stream: ByteStream?
  private unowned let connector: FakeConnector

  init(_ descriptor: Int32, of connector: FakeConnector, on loop: EventLoop) {
    self.connector = connector
    stream = ByteStream(descriptor, on: loop, handler: self)
  }

  func write(_ bytes: [UInt8]) {
    guard connector.isSlow else { stream?.write(bytes); return }
    for byte in bytes {
      stream?.write([byte])
      stream?.flush()
    }
  }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var offset = 0
    while case .frame(let frame)? = try? ControlFramer().first(in: slice.bytes[offset...].rebased) {
      let payload = slice.bytes[offset...].rebased[frame.payload].rebased
      offset += frame.count
      switch ControlRequest.read(type: frame.type, payload: payload.bytes) {
      case (let id, .success(let request)): connector.handle(request, id: id, from: self)
      case (let id, .failure(let failure)): stream.write(ControlReply.failure(failure).frame(id: id))
      }
    }
    return offset
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {}
}

extension Slice<UnsafeRawBufferPointer> {
  fileprivate var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }
}
