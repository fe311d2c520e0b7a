import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import Observations

/// One connection to a peer, from the beginning of the connect to its end.
final class PeerConnection {
  /// Bytes from which a message to many peers is shared in one buffer. Shorter messages are cheaper to copy.
  private static let sharedMinimum = 4 << 10

  /// Bytes that may wait for a peer that does not read. Beyond them the connection is closed.
  static let writeLimit = 8 << 20

  let id: UInt32
  let direction: Direction
  let remote: Endpoint
  /// When the connect or the accepted connection began, in ns since the Unix epoch.
  let since: UInt64
  let nonce = UInt64.random(in: 1 ... .max)

  private(set) var local: Endpoint
  private(set) var state: ConnectionInfo.State
  var handshake: Handshake
  var messagesReceived: UInt64 = 0
  var messagesSent: UInt64 = 0
  var pings = PingTimer()
  var wishes = PeerWishes()

  /// When the current state was entered, on the monotonic clock in ns.
  private(set) var stateSince = Clock.monotonic()
  /// When bytes were last received, on the monotonic clock in ns.
  var lastReceived = Clock.monotonic()
  /// Since when a partial message is waiting for its rest, on the monotonic clock in ns; nil if there is
  /// none.
  var partialSince: UInt64?
  /// When to announce our address next, on the monotonic clock in ns; nil for never.
  var nextAnnouncement: UInt64?
  /// The second for which `UpkeepWheel` has scheduled it.
  var upkeepSecond: UInt64 = 0

  // The connector owns its connections. Unsafe, to save several retains and releases for each message.
  unowned(unsafe) let connector: Connector
  let begun = Clock.monotonic()
  var attempt: ConnectAttempt?
  var stream: ByteStream?
  var ending: PeerEnding?
  var lastTime: UInt64 = 0
  private weak var requester: ControlSession?
  private let request: UInt32
  /// The services, user agent and relay flag that the client asked for; nil if it asked for none.
  let presentation: Presentation?
  /// The dialogue with the proxy; nil without a proxy, and once the proxy has connected us.
  var proxy: ProxyDialogue?
  /// When the handshake was done, in ns since the Unix epoch; 0 before.
  var opened: UInt64 = 0
  /// When a message was last sent, in ns since the Unix epoch; 0 before.
  var lastSent: UInt64 = 0
  /// Bytes of memory held for the peer when last counted: buffers of its partial message and of data that
  /// waits to be sent.
  private(set) var heldCount = 0
  /// Bytes of `heldCount` that are its partial message.
  var partialCount = 0

  /// Begins to dial a peer. The outcome is reported later, never from within this call.
  ///
  /// - Parameters:
  ///   - address: the address to connect to: the peer's or the proxy's.
  ///   - local: the address to connect from; nil if the system chooses.
  ///   - dialogue: the dialogue with the proxy; nil for a direct connection.
  init(
    dialling target: ConnectTarget,
    at address: SocketAddress,
    from local: SocketAddress?,
    through dialogue: ProxyDialogue?,
    id: UInt32,
    connector: Connector,
    requester: ControlSession?,
    request: UInt32
  ) {
    self.id = id
    direction = .outbound
    presentation = Presentation(target)
    remote = target.remote
    self.local = Endpoint(.ipv4(0), port: 0)
    since = Clock.now()
    state = .connecting
    handshake = Handshake(outbound: true, versions: connector.versions)
    self.connector = connector
    self.requester = requester
    self.request = request
    attempt = ConnectAttempt(
      to: address,
      from: local,
      timeout: connector.settings.connectTimeout,
      loop: connector.loop
    ) { [unowned self] result in
      attempt = nil
      switch result {
      case .success(let descriptor):
        if let dialogue { ask(dialogue, at: descriptor) } else { established(takeOver(descriptor)) }
      case .failure(let error):
        let proxy = dialogue == nil ? nil : Endpoint(address)
        connectFailed(proxy.map { Outcome(error, at: $0) } ?? Outcome(error))
      }
    }
  }

  /// Takes over an accepted connection.
  init(accepted descriptor: Int32, from remote: Endpoint, id: UInt32, connector: Connector) {
    self.id = id
    direction = .inbound
    self.remote = remote
    local = Endpoint(.ipv4(0), port: 0)
    since = Clock.now()
    state = .connecting
    handshake = Handshake(outbound: false, versions: connector.versions)
    self.connector = connector
    presentation = nil
    request = 0
    established(takeOver(descriptor))
  }

  /// Whether the connection exists or is being made.
  var isLive: Bool { ending == nil }

  /// Whether a proxy is still connecting to the peer.
  var asksProxy: Bool { proxy != nil }

  // MARK: Sending and closing

  /// Sends a whole message, header and payload, and publishes it. Returns false if it cannot be sent.
  @discardableResult
  func send(_ message: [UInt8]) -> Bool { message.withUnsafeBytes { send($0) } }

  private func send(_ message: UnsafeRawBufferPointer) -> Bool {
    guard let stream, isLive else { return false }
    stream.write(message)
    note(sent: message, at: Clock.now())
    return keepsReading(stream)
  }

  /// Sends whole messages that other peers get too, and publishes each. Returns false if they cannot be sent.
  ///
  /// - Parameter messages: each message's range in the slice, in order and without gaps.
  func send(_ slice: ChunkSlice, messages: [Range<Int>]) -> Bool {
    guard let stream, isLive else { return false }
    if slice.range.count >= Self.sharedMinimum || stream.unsentCount == 0 {
      stream.write(slice)
    } else {
      stream.write(slice.bytes)
    }
    let now = Clock.now()
    for message in messages { note(sent: slice.chunk.bytes(message), at: now) }
    return keepsReading(stream)
  }

  private func note(sent message: UnsafeRawBufferPointer, at time: UInt64) {
    messagesSent += 1
    lastSent = time
    connector.journal(sent: message, to: id, at: time)
  }

  /// Whether the peer reads fast enough. Ends the connection if more than `writeLimit` bytes wait for it.
  private func keepsReading(_ stream: ByteStream) -> Bool {
    countMemory()
    guard stream.unsentCount > Self.writeLimit else { return true }
    let outcome = Outcome(.doesNotRead, .unsentBytes, value: stream.unsentCount, bound: Self.writeLimit)
    end(.closedByUs, outcome)
    return false
  }

  func send(_ message: Message) { send(connector.network.frame(message)) }

  /// Whether the peer wants addresses in `addrv2` (BIP155).
  var takesAddrV2: Bool { wishes.features.contains(.addrV2) }

  /// Sends a ping and times its answer. A ping that was not answered is sent again.
  func sendPing() {
    send(.ping(PingMessage(nonce: pings.begin(now: Clock.monotonic()))))
  }

  /// When the unanswered ping was sent, on the monotonic clock in ns; nil if there is none. Peers of version
  /// 60000 and below do not answer pings (BIP31).
  var pongDueSince: UInt64? { handshake.peer?.protocolVersion ?? 0 > 60_000 ? pings.pendingSince : nil }

  /// Ends the connection or the connect. Further calls do nothing.
  func end(_ code: ConnectionEvent.Code, _ outcome: Outcome, evidence: [UInt8] = []) {
    guard isLive else { return }
    guard let stream, proxy == nil else { return connectFailed(outcome) }
    ending = PeerEnding(code, outcome, evidence)
    setState(.closing)
    stream.close(.closed(outcome.code.name))
  }

  /// Bytes that wait to be sent to the peer.
  var waitingCount: Int { isLive ? stream?.unsentCount ?? 0 : 0 }

  /// Counts the memory held for the peer and reports changes to `PeerLimits`. Complexity: constant.
  func countMemory() {
    guard isLive, let stream else { return }
    let held = partialCount + stream.heldCount
    guard held != heldCount else { return }
    connector.limits.noteHeld(held - heldCount)
    heldCount = held
  }

  // MARK: Connect

  private func takeOver(_ descriptor: Int32) -> ByteStream {
    local = Endpoint(Socket.localAddress(of: descriptor)) ?? local
    return ByteStream(descriptor, stamped: true, gate: connector.gate, on: connector.loop, handler: self)
  }

  /// Asks the proxy, now connected, to connect to the peer.
  private func ask(_ dialogue: ProxyDialogue, at descriptor: Int32) {
    let stream = takeOver(descriptor)
    self.stream = stream
    proxy = dialogue
    setState(.connecting)
    stream.write(dialogue.greeting)
  }

  /// Handles the proxy's answer. Returns the number of bytes consumed.
  func hear(_ bytes: UnsafeRawBufferPointer, of stream: ByteStream) -> Int {
    var offset = 0
    while var dialogue = proxy, isLive {
      let (consumed, step) = dialogue.take(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
      proxy = dialogue
      offset += consumed
      switch step {
      case .wait: return offset
      case .send(let bytes): stream.write(bytes)
      case .connected:
        proxy = nil
        established(stream)
      case .failed(let failure): connectFailed(Outcome(.proxy, .proxy(failure)))
      }
    }
    return offset
  }

  func established(_ stream: ByteStream) {
    self.stream = stream
    lastReceived = Clock.monotonic()
    setState(.handshaking)
    let duration = direction == .outbound ? Clock.monotonic() - begun : 0
    publish(event(direction == .outbound ? .connected : .accepted, duration: duration))
    tell(.connected(id, local: local, duration: duration))
    perform(handshake.connected())
  }

  func connectFailed(_ outcome: Outcome) {
    attempt?.cancel()
    attempt = nil
    proxy = nil
    connector.noteConnectFailed()
    ending = PeerEnding(.connectFailed, outcome)
    setState(.closing)
    publish(event(.connectFailed, duration: Clock.monotonic() - begun))
    tell(.connectFailed(id, outcome))
    // The stream may be a proxy's.
    let stream = self.stream
    self.stream = nil
    stream?.close(.closed(outcome.code.name))
    connector.ended(self)
  }

  // MARK: Events

  func event(_ code: ConnectionEvent.Code, duration: UInt64 = 0) -> ConnectionEvent {
    ConnectionEvent(
      code,
      direction,
      remote: remote,
      local: local,
      duration: duration,
      outcome: ending?.outcome,
      peer: ConnectionEvent.Peer(handshake.peer),
      evidence: ending?.evidence ?? []
    )
  }

  func publish(_ event: ConnectionEvent) {
    connector.publisher.publish(.connection, connection: id, at: Clock.now(), body: event.body)
  }

  func tell(_ event: ControlEvent) { requester?.tell(event, about: request) }

  func setState(_ state: ConnectionInfo.State) {
    self.state = state
    stateSince = Clock.monotonic()
    connector.keepUp(self, stateSince)
  }

  func evidence(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](bytes.prefix(ConnectionEvent.maximumEvidenceCount))
  }
}
