import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import Observations

/// One connection to a peer, from the begin of the connect to its end.
final class PeerConnection {
  /// Bytes from which a message that many are sent is kept once for all; copying less costs less.
  private static let sharedMinimum = 4 << 10

  /// Most bytes that may wait for a peer that does not read.
  static let writeLimit = 8 << 20

  let id: UInt32
  let direction: Direction
  let remote: Endpoint
  /// When it was begun, in ns since the Unix epoch.
  let since: UInt64
  let nonce = UInt64.random(in: 1 ... .max)

  private(set) var local: Endpoint
  private(set) var state: ConnectionInfo.State
  var handshake: Handshake
  var messagesReceived: UInt64 = 0
  var messagesSent: UInt64 = 0
  var pings = PingTimer()
  var wishes = PeerWishes()

  /// When the state was entered, on the monotonic clock in ns.
  private(set) var stateSince = Clock.monotonic()
  /// When something last came, on the monotonic clock in ns.
  var lastReceived = Clock.monotonic()
  /// Since when a message is there in part, on the monotonic clock in ns; nil where none is.
  var partialSince: UInt64?
  /// When to announce ourselves next, on the monotonic clock in ns; nil for never.
  var nextAnnouncement: UInt64?
  /// At which second `UpkeepWheel` has it noted.
  var upkeepSecond: UInt64 = 0

  // It owns its connections. Unsafe, as several references to it with each message would be counted otherwise.
  unowned(unsafe) let connector: Connector
  let begun = Clock.monotonic()
  var attempt: ConnectAttempt?
  var stream: ByteStream?
  var ending: PeerEnding?
  var lastTime: UInt64 = 0
  private weak var requester: ControlSession?
  private let request: UInt32
  /// What the client that asked for it wants said of us; nil where it wants nothing of its own.
  let presentation: Presentation?
  /// What is said to the proxy, until it has connected us.
  var proxy: ProxyDialogue?
  /// When its handshake was done, in ns since the Unix epoch; 0 before.
  var opened: UInt64 = 0
  /// When something was last sent, in ns since the Unix epoch; 0 before.
  var lastSent: UInt64 = 0
  /// Bytes of memory that are held for the peer, as last counted: the buffers of what it sent in part, and of what waits
  /// for it.
  private(set) var heldCount = 0
  /// How many of them are what it sent in part.
  var partialCount = 0

  /// Begins to dial a peer; what comes of it is reported, never from within this call.
  ///
  /// - Parameters:
  ///   - address: where to connect to: the peer's, or a proxy's.
  ///   - local: where to connect from; nil where the system chooses.
  ///   - dialogue: what is said to the proxy, where it is one's.
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

  /// Takes over a connection that a peer made.
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

  /// Whether there is a connection, or one is being made.
  var isLive: Bool { ending == nil }

  /// Whether a proxy has been asked to connect, and has not said what came of it.
  var asksProxy: Bool { proxy != nil }

  // MARK: What others ask of it

  /// Sends a whole message, header and payload, and publishes it. False where it cannot be sent.
  @discardableResult
  func send(_ message: [UInt8]) -> Bool { message.withUnsafeBytes { send($0) } }

  private func send(_ message: UnsafeRawBufferPointer) -> Bool {
    guard let stream, isLive else { return false }
    stream.write(message)
    note(sent: message, at: Clock.now())
    return keepsReading(stream)
  }

  /// Sends whole messages that others are sent too, and publishes each. False where they cannot be sent.
  ///
  /// - Parameter messages: where in the slice each is, in order and without gaps.
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

  /// Ends the connection where too much waits for a peer that does not read; returns whether it did not.
  private func keepsReading(_ stream: ByteStream) -> Bool {
    countMemory()
    guard stream.unsentCount > Self.writeLimit else { return true }
    let outcome = Outcome(.doesNotRead, .unsentBytes, value: stream.unsentCount, bound: Self.writeLimit)
    end(.closedByUs, outcome)
    return false
  }

  func send(_ message: Message) { send(connector.network.frame(message)) }

  /// Whether it wants addresses in `addrv2` (BIP155).
  var takesAddrV2: Bool { wishes.features.contains(.addrV2) }

  /// Sends a ping whose answer is timed; one that is not answered is sent again.
  func sendPing() {
    send(.ping(PingMessage(nonce: pings.begin(now: Clock.monotonic()))))
  }

  /// When the ping was sent that the peer has not answered and should, on the monotonic clock in ns; nil where there
  /// is none. Peers of version 60000 and below answer none (BIP31).
  var pongDueSince: UInt64? { handshake.peer?.protocolVersion ?? 0 > 60_000 ? pings.pendingSince : nil }

  /// Ends the connection, or the attempt. Does nothing the second time.
  func end(_ code: ConnectionEvent.Code, _ outcome: Outcome, evidence: [UInt8] = []) {
    guard isLive else { return }
    guard let stream, proxy == nil else { return connectFailed(outcome) }
    ending = PeerEnding(code, outcome, evidence)
    setState(.closing)
    stream.close(.closed(outcome.code.name))
  }

  /// Bytes that wait to be sent to it.
  var waitingCount: Int { isLive ? stream?.unsentCount ?? 0 : 0 }

  /// Counts the memory that is held for the peer. Complexity: constant.
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

  /// A proxy has been reached: asks it to connect to the peer.
  private func ask(_ dialogue: ProxyDialogue, at descriptor: Int32) {
    let stream = takeOver(descriptor)
    self.stream = stream
    proxy = dialogue
    setState(.connecting)
    stream.write(dialogue.greeting)
  }

  /// Goes on with what the proxy says; returns how much of it is consumed.
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
    // It may be a proxy's.
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
