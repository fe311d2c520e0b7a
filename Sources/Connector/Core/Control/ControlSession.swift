import BitcoinWire
import Bytes
import Configuration
import ControlProtocol
import EventLoop
import LogProtocol

/// One client's connection to the control server.
final class ControlSession {
  unowned let connector: Connector
  unowned let server: ControlServer

  /// The client's registered messages, by id.
  private(set) var messages: [UInt32: [UInt8]] = [:]

  /// The random id in the reply to coinscope's REGISTER; 0 before.
  var registration: UInt32 = 0

  private(set) var stream: ByteStream!
  private let framer: ControlFramer
  private let user: String
  /// The version of the client's last native request, 2 or 3. Replies and events are in this version.
  private var version = ControlFrame.nativeVersions.lowerBound
  private var name = ""
  private var isRefused = false
  /// A send that is not finished: it waits for the log server, or for more messages to the same connections.
  private var job: SendJob?

  /// The room for records that a request needs: a record or two, or many.
  enum Room { case little, much }

  /// The room that the next request waits for; nil if it does not wait for room.
  private var neededRoom: Room?
  /// Whether the next request waits for a later loop iteration.
  private var isQueued = false

  /// Whether the client waits for the log server to catch up.
  var waitsForRoom: Bool { neededRoom != nil || job != nil }

  /// Bytes of memory held for the client when last counted: buffers of its unhandled requests and of data
  /// that waits to be sent to it.
  private(set) var heldCount = 0
  /// Bytes of `heldCount` that are its unhandled requests.
  private(set) var unfinishedCount = 0
  /// Since when a partial request is waiting for its rest, on the monotonic clock in ns; nil if there is
  /// none.
  private(set) var unfinishedSince: UInt64?

  private var greeting: TimerWatcher?
  private var deadline: TimerWatcher?

  private var limits: Configuration.Client { connector.configuration.connector.client }

  init(_ descriptor: Int32, from remote: SocketAddress, connector: Connector, server: ControlServer) {
    self.connector = connector
    self.server = server
    user = Socket.credentials(of: descriptor).map { "uid \($0.user) pid \($0.process)" } ?? "\(remote)"
    let limits = connector.configuration.connector.client
    framer = ControlFramer(versions: 0...ControlFrame.currentVersion, maximumPayloadCount: limits.maxFrame)
    stream = ByteStream(descriptor, on: connector.loop, handler: self)
    guard limits.helloTimeout > 0 else { return }
    greeting = TimerWatcher(on: connector.loop) { [unowned self] in
      refuse(.refused, "no request came within \(limits.helloTimeout) s")
    }
    greeting?.start(after: limits.helloTimeout)
  }

  /// Reports an event of one of the client's requests.
  func tell(_ event: ControlEvent, about request: UInt32) {
    write(event.frame(id: request, version: version))
  }

  func reply(_ reply: ControlReply, to request: UInt32) { write(reply.frame(id: request, version: version)) }

  func write(_ bytes: [UInt8]) {
    stream.write(bytes)
    defer { countMemory() }
    let waiting = stream.unsentCount
    if waiting > 16 * limits.maxWaiting {
      publish("closed: it does not read; \(waiting) bytes wait for it", request: nil)
      stream.close(.closed("client does not read"))
    }
  }

  /// Closes the connection after a failure message that gives the reason.
  func refuse(_ status: ControlFailure.Status, _ sentence: String) {
    guard !isRefused else { return }
    isRefused = true
    publish("closed: \(sentence)", request: nil)
    reply(.failure(ControlFailure(status, sentence)), to: 0)
    stream.closeAfterWriting(sentence)
    // A client that does not read would stay forever.
    deadline = TimerWatcher(on: connector.loop) { [unowned self] in stream.close(.closed(sentence)) }
    deadline?.start(after: 5)
  }

  /// Closes the connection at once. A failure message gives the reason, but the client may not receive it.
  func giveWay(_ sentence: String) {
    guard stream.isOpen else { return }
    publish("closed: \(sentence)", request: nil)
    if !isRefused { reply(.failure(ControlFailure(.limit, sentence)), to: 0) }
    isRefused = true
    stream.flush()
    stream.close(.closed(sentence))
  }

  /// Counts the memory held for the client and reports changes to the server. May end this session or others.
  func countMemory() {
    guard stream.isOpen else { return }
    let held = unfinishedCount + stream.heldCount + (job?.byteCount ?? 0)
    let difference = held - heldCount
    heldCount = held
    if difference != 0 { server.noteHeld(difference) }
  }

  /// Records the part of the input that is not handled yet: a partial request, or requests that wait.
  private func noteUnfinished(_ slice: ChunkSlice, rest: Int, isNew: Bool) {
    if rest == 0 || stream.isPaused {
      unfinishedSince = nil
    } else if isNew || unfinishedSince == nil {
      unfinishedSince = Clock.monotonic()
    }
    // A short rest is kept in memory of its own size, a long one in the chunk that it was read into. A full
    // chunk is followed by one twice as large.
    let announced = min(stream.expectedCount, 2 * rest)
    unfinishedCount = rest <= ByteStream.parkingLimit ? rest : max(slice.chunk.capacity, announced)
    countMemory()
  }

  /// Whether a message may be sent now, alone or together with the waiting ones. If not, its request must
  /// wait.
  func isReady(toSend byteCount: Int, to target: ControlTarget) -> Bool {
    job?.takes(byteCount: byteCount, to: target) ?? false || isReady()
  }

  /// Whether nothing waits to be sent. First sends as much as there is room for.
  func isReady() -> Bool {
    goOn()
    return job == nil && stream.isOpen
  }

  /// The target's connections for the next message, and the ids it names that cannot be sent to.
  func recipients(_ target: ControlTarget) -> (found: [PeerConnection], missing: [UInt32]) {
    let job = job ?? SendJob(to: target, connector.recipients(target), limits: connector.limits)
    self.job = job
    return job.recipients
  }

  /// Adds a message to the send that `recipients` prepared.
  func gather(_ message: [UInt8], request: UInt32?) { job?.add(message, request: request) }

  /// Continues the send. The client's next request waits until the send is done.
  func goOn() {
    guard var job else { return }
    self.job = nil
    job.run {
      connector.limits.enforce()
      return connector.hasRoom
    }
    guard job.isDone else {
      self.job = job
      guard stream.isOpen else { return }
      stream.pause()
      return server.waitForRoom()
    }
    let outcomes = job.outcomes
    // The peers' unsent data now counts for the peers.
    job.letGo()
    connector.limits.enforce()
    for (request, event) in outcomes { tell(event, about: request) }
    resumeIfIdle()
  }

  /// Whether there is room for a request's records. If not, the request waits.
  func hasRoom(for room: Room) -> Bool {
    guard room == .much ? connector.hasRoom : connector.hasLittleRoom else {
      neededRoom = room
      stream.pause()
      server.waitForRoom()
      return false
    }
    return true
  }

  /// Resumes if there is enough room for records again.
  ///
  /// - Parameter room: the room there is; nil if there is none.
  func hasRoom(_ room: Room?) {
    if room == .much { goOn() }
    guard let neededRoom, room == .much || room == neededRoom else { return }
    self.neededRoom = nil
    resumeIfIdle()
  }

  /// Delays the next request to a later loop iteration. It may be delayed again then.
  func waitForTurn() {
    isQueued = true
    stream.pause()
    server.waitForTurn(self)
  }

  /// Resumes, because the client's turn has come.
  func takeTurn() {
    isQueued = false
    resumeIfIdle()
  }

  /// Reads further requests, unless one is waiting, a send is under way or too much data waits for the
  /// client.
  private func resumeIfIdle() {
    guard stream.isOpen, stream.isPaused, job == nil, neededRoom == nil, !isQueued else { return }
    if stream.unsentCount <= limits.maxWaiting { stream.resume() }
  }

  /// Registers a message and returns its id.
  func keep(_ message: [UInt8]) throws(ControlFailure) -> UInt32 {
    let identifier = try server.register(message, for: self)
    messages[identifier] = message
    return identifier
  }

  /// Forgets a registered message. Returns false if there is none with that id.
  func forget(_ identifier: UInt32) -> Bool {
    guard let message = messages.removeValue(forKey: identifier) else { return false }
    server.noteForgotten(message)
    return true
  }

  /// Forgets all registered messages.
  func forgetAll() {
    for message in messages.values { server.noteForgotten(message) }
    messages = [:]
  }

  func closeAfterReplies() { stream.closeAfterWriting("connector shuts down") }

  func greeted(as name: String) { self.name = name }

  /// Publishes a request or its result as a CTRL record, with the client's name, user and request id.
  func publish(_ command: String, request: UInt32?) {
    let who = name.isEmpty ? user : "\(EscapedText.utf8(Array(name.utf8))) \(user)"
    let number = request.map { " request \($0)" } ?? ""
    connector.publisher.publish(.control, text: "\(who)\(number): \(command)")
  }
}

extension ControlSession: ByteStreamHandler {
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    let bytes = slice.bytes
    var offset = 0
    stream.expectedCount = 0
    var begun = Clock.monotonic()
    var spent: UInt64 = 0
    do throws(WireError) {
      while stream.isOpen, !stream.isPaused, !isRefused, offset < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        guard let frame = try next(rest) else { break }
        greeting?.cancel()
        guard server.hasTurn(spent: spent) else {
          waitForTurn()
          break
        }
        defer {
          let now = Clock.monotonic()
          server.spend(now - begun)
          spent += now - begun
          begun = now
        }
        guard handle(frame, UnsafeRawBufferPointer(rebasing: rest[frame.payload])) else { break }
        offset += frame.count
        // A client that does not read its replies gets no further requests handled.
        if stream.isOpen, stream.unsentCount > limits.maxWaiting { stream.pause() }
      }
      goOn()
    } catch {
      goOn()
      // After a malformed frame, the beginning of the next one is unknown.
      refuse(.badRequest, "malformed frame: \(error)")
    }
    guard stream.isOpen else { return 0 }
    noteUnfinished(slice, rest: bytes.count - offset, isNew: offset > 0)
    return stream.isOpen ? offset : 0
  }

  func streamDidDrain(_ stream: ByteStream) {
    countMemory()
    resumeIfIdle()
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { server.removed(self) }

  /// The next frame; nil if it is not complete or its version is not supported.
  private func next(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> ControlFrame? {
    switch try framer.first(in: bytes) {
    case .needsMore(let count): stream.expectedCount = count
    case .frame(let frame): return frame
    case .unsupported(let version): refuseVersion(version)
    }
    return nil
  }

  private func refuseVersion(_ version: UInt8) {
    let sentence = "version \(version) of the control protocol is not served; versions 0, 2 and 3 are"
    refuse(.unsupportedVersion, sentence)
  }

  /// Handles a frame. Returns false if it has to wait.
  private func handle(_ frame: ControlFrame, _ payload: UnsafeRawBufferPointer) -> Bool {
    switch frame.version {
    case 0: return handleCoinscope(type: frame.type, payload.bytes)
    case ControlFrame.nativeVersions:
      version = frame.version
      return handleNative(type: frame.type, payload.bytes)
    default:
      refuseVersion(frame.version)
      return true
    }
  }
}
