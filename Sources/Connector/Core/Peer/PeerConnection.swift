import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol

/// One connection to a peer, from the begin of the connect to its end.
final class PeerConnection {
  /// How it ended. By reference: of thousands of connections few are ending.
  private final class Ending {
    let code: ConnectionEvent.Code
    let errorNumber: UInt32
    let reason: String
    let evidence: [UInt8]

    init(_ code: ConnectionEvent.Code, _ errorNumber: UInt32, _ reason: String, _ evidence: [UInt8] = []) {
      self.code = code
      self.errorNumber = errorNumber
      self.reason = reason
      self.evidence = evidence
    }
  }

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
  private(set) var handshake: Handshake
  private(set) var messagesReceived: UInt64 = 0
  private(set) var messagesSent: UInt64 = 0

  /// The last round trip of a ping, in ns; 0 before the first.
  private(set) var roundTrip: UInt64 = 0

  /// When the state was entered, on the monotonic clock in ns.
  private(set) var stateSince = Clock.monotonic()
  /// When something last came, on the monotonic clock in ns.
  private(set) var lastReceived = Clock.monotonic()
  /// Since when a message is there in part, on the monotonic clock in ns; nil where none is.
  private(set) var partialSince: UInt64?
  /// When to announce ourselves next, on the monotonic clock in ns; nil for never.
  var nextAnnouncement: UInt64?
  /// At which second `UpkeepWheel` has it noted.
  var upkeepSecond: UInt64 = 0

  // It owns its connections. Unsafe, as several references to it with each message would be counted otherwise.
  private unowned(unsafe) let connector: Connector
  private let begun = Clock.monotonic()
  private var attempt: ConnectAttempt?
  private var stream: ByteStream?
  private var ending: Ending?
  private var lastTime: UInt64 = 0
  private var ping: (nonce: UInt64, sentAt: UInt64)?
  /// When we last sent a ping, or as if we had, on the monotonic clock in ns; 0 for never.
  private(set) var lastPing: UInt64 = 0
  private weak var requester: ControlSession?
  private let request: UInt32
  /// What the client that asked for it wants said of us; nil where it wants nothing of its own.
  private let presentation: Presentation?
  /// What is said to the proxy, until it has connected us.
  private var proxy: ProxyDialogue?
  private var shortestRoundTrip: UInt64 = 0
  private var opened: UInt64 = 0
  private var lastSent: UInt64 = 0
  private var features: ConnectionInfo.Features = []
  private var feeFilter: UInt64 = 0
  /// Bytes of memory that are held for the peer, as last counted: of what it sent in part, and of what waits for it.
  private(set) var heldCount = 0
  /// How many of them are what it sent in part.
  private var partialCount = 0
  /// Bytes that wait for it and are kept for others as well.
  private var sharedCount = 0

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
        let reason =
          dialogue != nil
          ? ConnectionOutcome.reason(of: error, at: "\(address)") : ConnectionOutcome.reason(of: error)
        connectFailed(reason, code: error.code)
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
      sharedCount += slice.range.count
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
    end(.closedByUs, reason: "peer does not read: \(stream.unsentCount) bytes wait for it")
    return false
  }

  func send(_ message: Message) { send(connector.network.frame(message)) }

  /// Whether it wants addresses in `addrv2` (BIP155).
  var takesAddrV2: Bool { features.contains(.addrV2) }

  /// Sends a ping whose answer is timed; one that is not answered is sent again.
  func sendPing() {
    lastPing = Clock.monotonic()
    let ping = self.ping ?? (UInt64.random(in: 1 ... .max), lastPing)
    self.ping = ping
    send(.ping(PingMessage(nonce: ping.nonce)))
  }

  /// Takes a time for that of its last ping.
  func notePing(at time: UInt64) { lastPing = time }

  /// When the ping was sent that the peer has not answered and should, on the monotonic clock in ns; nil where there
  /// is none. Peers of version 60000 and below answer none (BIP31).
  var pongDueSince: UInt64? { handshake.peer?.protocolVersion ?? 0 > 60_000 ? ping?.sentAt : nil }

  /// Ends the connection, or the attempt. Does nothing the second time.
  func end(_ code: ConnectionEvent.Code, errorNumber: UInt32 = 0, reason: String, evidence: [UInt8] = []) {
    guard isLive else { return }
    guard let stream, proxy == nil else { return connectFailed(reason, code: Int32(errorNumber)) }
    ending = Ending(code, errorNumber, reason, evidence)
    setState(.closing)
    stream.close(.closed(reason))
  }

  /// Counts the memory that is held for the peer. Complexity: constant.
  func countMemory() {
    guard isLive, let stream else { return }
    let held = partialCount + max(0, stream.unsentCount - sharedCount)
    guard held != heldCount else { return }
    connector.limits.noteHeld(held - heldCount)
    heldCount = held
  }

  /// What a client is told of it.
  var info: ConnectionInfo { info(wallOffset: Clock.wallOffset()) }

  /// What a client is told of it.
  ///
  /// - Parameter wallOffset: `Clock.wallOffset()`.
  func info(wallOffset: UInt64) -> ConnectionInfo {
    var info = ConnectionInfo(
      id: id,
      direction: direction,
      state: state,
      remote: remote,
      local: local,
      since: since
    )
    if let peer = handshake.peer {
      info.protocolVersion = peer.protocolVersion
      info.services = peer.services
      info.userAgent = peer.userAgent
      info.startHeight = peer.startHeight
      info.relay = peer.relay
    }
    info.ping = roundTrip
    info.bytesReceived = stream?.bytesReceived ?? 0
    info.bytesSent = stream?.bytesSent ?? 0
    info.messagesReceived = messagesReceived
    info.messagesSent = messagesSent
    info.opened = opened
    if messagesReceived > 0 { info.lastReceived = lastReceived &+ wallOffset }
    info.lastSent = lastSent
    info.shortestPing = shortestRoundTrip
    info.feeFilter = feeFilter
    info.features = features
    info.bytesWaiting = UInt32(clamping: stream?.unsentCount ?? 0)
    return info
  }

  /// What a reader that starts now is told of it; nil before it is established.
  var openConnection: OpenConnection? {
    guard isLive, stream != nil, proxy == nil else { return nil }
    return OpenConnection(
      direction: direction,
      remote: remote,
      local: local,
      since: since,
      userAgent: handshake.peer?.userAgent ?? []
    )
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
  private func hear(_ bytes: UnsafeRawBufferPointer, of stream: ByteStream) -> Int {
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
      case .failed(let reason): connectFailed(reason, code: 0)
      }
    }
    return offset
  }

  private func established(_ stream: ByteStream) {
    self.stream = stream
    lastReceived = Clock.monotonic()
    setState(.handshaking)
    let duration = direction == .outbound ? Clock.monotonic() - begun : 0
    publish(event(direction == .outbound ? .connected : .accepted, duration: duration))
    tell(.connected(id, local: local, duration: duration))
    perform(handshake.connected())
  }

  private func connectFailed(_ reason: String, code: Int32) {
    attempt?.cancel()
    attempt = nil
    proxy = nil
    connector.noteConnectFailed()
    let errorNumber = UInt32(clamping: code)
    ending = Ending(.connectFailed, errorNumber, reason)
    setState(.closing)
    publish(event(.connectFailed, duration: Clock.monotonic() - begun))
    tell(.connectFailed(id, errorNumber: errorNumber, reason: reason))
    // It may be a proxy's.
    let stream = self.stream
    self.stream = nil
    stream?.close(.closed(reason))
    connector.ended(self)
  }

  // MARK: Messages

  private func received(_ header: MessageHeader, _ message: UnsafeRawBufferPointer, checksumValid: Bool) {
    messagesReceived += 1
    // As Bitcoin Core does: what fails its checksum is recorded, and otherwise ignored.
    guard checksumValid else { return }
    let payload = UnsafeRawBufferPointer(rebasing: message.dropFirst(MessageHeader.size)).bytes
    switch header.command {
    case .version:
      do throws(WireError) {
        let version = try VersionMessage(payload)
        let isOurs = direction == .inbound && version.nonce.map(connector.meetsItself) ?? false
        perform(handshake.receivedVersion(version, isOurs: isOurs))
      } catch {
        let reason = ConnectionOutcome.protocolError.reason("malformed version: \(error)")
        end(.closedByUs, reason: reason, evidence: evidence(message))
      }
    case .verack:
      perform(handshake.receivedVerack())
    case .pong:
      if let ping, let pong = try? PongMessage(payload), pong.nonce == ping.nonce {
        // It ended when the answer came, which may be a while before it is read.
        let trip = Clock.monotonic() - ping.sentAt
        roundTrip = trip - min(UInt64(max(0, Int64(bitPattern: Clock.now() &- lastTime))), trip)
        shortestRoundTrip = shortestRoundTrip == 0 ? roundTrip : min(shortestRoundTrip, roundTrip)
        self.ping = nil
      }
    case .inv:
      guard connector.followsAnnouncements else { return }
      connector.fetcher.announced(payload, by: id)
      connector.herald.heard(header.command, payload, of: self)
    case .headers, .cmpctblock:
      guard connector.followsAnnouncements else { return }
      connector.herald.heard(header.command, payload, of: self)
    case .tx: connector.fetcher.received(transaction: payload)
    case .block: connector.fetcher.received(block: payload)
    case .notfound: connector.fetcher.missing(payload, at: id)
    case .wtxidrelay: features.insert(.wtxidRelay)
    case .sendaddrv2: features.insert(.addrV2)
    case .sendheaders: features.insert(.headers)
    case .sendtxrcncl: features.insert(.reconciliation)
    case .sendcmpct:
      guard let wish = try? SendCompactMessage(payload) else { return }
      features.insert(.compactBlocks)
      if wish.announce { features.insert(.highBandwidth) } else { features.remove(.highBandwidth) }
    case .feefilter:
      if let wish = try? FeeFilterMessage(payload) { feeFilter = UInt64(clamping: wish.feeRate) }
    default:
      guard handshake.peer != nil, let answer = PoliteAnswer.to(header.command, payload: payload) else {
        return
      }
      send(answer)
    }
  }

  private func perform(_ actions: [Handshake.Action]) {
    for action in actions {
      switch action {
      case .sendVersion: send(.version(connector.introduction(to: remote, nonce: nonce, as: presentation)))
      case .send(let command): send(connector.network.frame(command))
      case .reject(let reason): end(.closedByUs, reason: reason)
      case .complete:
        setState(.open)
        opened = Clock.now()
        publish(event(.handshaken, duration: Clock.monotonic() - begun))
        tellHandshaken()
        connector.opened(self)
      }
    }
  }

  private func tellHandshaken() {
    guard let introduction = handshake.peer else { return }
    tell(.handshaken(id, introduction, duration: Clock.monotonic() - begun))
  }

  // MARK: Events

  private func event(_ code: ConnectionEvent.Code, duration: UInt64 = 0) -> ConnectionEvent {
    ConnectionEvent(
      code,
      direction,
      remote: remote,
      local: local,
      errorNumber: ending?.errorNumber ?? 0,
      duration: duration,
      reason: ending?.reason ?? "",
      userAgent: handshake.peer?.userAgent ?? [],
      evidence: ending?.evidence ?? []
    )
  }

  private func publish(_ event: ConnectionEvent) {
    connector.publisher.publish(.connection, connection: id, at: Clock.now(), body: event.body)
  }

  private func tell(_ event: ControlEvent) { requester?.tell(event, about: request) }

  private func setState(_ state: ConnectionInfo.State) {
    self.state = state
    stateSince = Clock.monotonic()
    connector.keepUp(self, stateSince)
  }

  private func evidence(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](bytes.prefix(ConnectionEvent.maximumEvidenceCount))
  }
}

extension PeerConnection: ByteStreamHandler {
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    lastReceived = Clock.monotonic()
    let bytes = slice.bytes
    // A reference of its own: one for each use would be counted with each message.
    let connector = connector
    let framer = connector.framer
    var offset = proxy == nil ? 0 : hear(bytes, of: stream)
    guard proxy == nil else { return offset }
    // Within one direction of one connection time does not run backwards, even where the clock was set back.
    let stamp = max(time, lastTime)
    while stream.isOpen, isLive, offset < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      switch framer.next(in: rest) {
      case .needMore(let total):
        stream.expectedCount = total
        if offset > 0 || partialSince == nil { partialSince = lastReceived }
        // What is little is kept in memory of its own size, more in the chunk that it was read into.
        let rest = bytes.count - offset
        partialCount = rest > ByteStream.parkingLimit ? slice.chunk.capacity : rest
        countMemory()
        return offset
      case .message(let header, let total, let checksumValid):
        let message = UnsafeRawBufferPointer(rebasing: rest[..<total])
        var flags: RecordFlags = checksumValid ? [] : .wrongChecksum
        // The kernel's stamp is that of the last segment read: only what ends there came then.
        if offset + total < bytes.count || stamp != time { flags.insert(.upperBound) }
        connector.journal(message: message, of: id, flags: flags, at: stamp)
        lastTime = stamp
        connector.noteReceived(bytes: total)
        offset += total
        received(header, message, checksumValid: checksumValid)
      case .violation(let violation):
        end(.closedByUs, reason: violation.reason, evidence: evidence(rest))
      }
    }
    stream.expectedCount = 0
    partialSince = nil
    partialCount = 0
    countMemory()
    return offset
  }

  func streamDidDrain(_ stream: ByteStream) {
    sharedCount = 0
    countMemory()
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    guard proxy == nil else { return connectFailed(ConnectionOutcome.proxy.reason("\(reason)"), code: 0) }
    if ending == nil {
      switch reason {
      case .endOfStream:
        let outcome = handshake.peer == nil ? ConnectionOutcome.closedBeforeVersion : .closedByPeer
        ending = Ending(.closedByPeer, 0, outcome.reason())
      case .readFailed(let error) where error.code == ECONNRESET:
        let reason = ConnectionOutcome.reset.reason(handshake.peer == nil ? "before version" : "")
        ending = Ending(.resetByPeer, UInt32(error.code), reason)
      case .readFailed(let error):
        ending = Ending(.failed, UInt32(error.code), ConnectionOutcome.reason(of: error))
      case .writeFailed(let error):
        ending = Ending(.writeFailed, UInt32(error.code), ConnectionOutcome.reason(of: error))
      case .closed(let text): ending = Ending(.closedByUs, 0, text)
      }
      setState(.closing)
    }
    guard let ending else { return }
    publish(event(ending.code, duration: 0))
    let words = ending.reason.isEmpty ? ending.code.text : ending.reason
    tell(.closed(id, errorNumber: ending.errorNumber, reason: words))
    connector.ended(self)
  }
}
