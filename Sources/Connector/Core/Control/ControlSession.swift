import BitcoinWire
import Bytes
import Configuration
import ControlProtocol
import EventLoop
import LogProtocol

/// One client's connection to the control socket.
final class ControlSession {
  unowned let connector: Connector
  unowned let server: ControlServer

  /// The messages that the client has registered, by id.
  private(set) var messages: [UInt32: [UInt8]] = [:]

  /// The id that coinscope's REGISTER gives; 0 before.
  var registration: UInt32 = 0

  private(set) var stream: ByteStream!
  private let framer: ControlFramer
  private let user: String
  /// The version of the client's last request, of 2 and 3: the one that it is answered in.
  private var version = ControlFrame.nativeVersions.lowerBound
  private var name = ""
  private var isRefused = false
  /// Messages that wait for others to the same connections, or for the log server.
  private var job: SendJob?

  /// How much room for records a request needs.
  enum Room { case little, much }

  /// What its next request waits for; nil if it does not wait for that.
  private var neededRoom: Room?
  /// Whether its next request waits for the next turn of the loop.
  private var isQueued = false

  /// Whether it waits until the log server has caught up.
  var waitsForRoom: Bool { neededRoom != nil || job != nil }

  /// Bytes of memory that are held for the client, as last counted: the buffers of what it has sent in part, or what waits
  /// its turn, and of what waits for it.
  private(set) var heldCount = 0
  /// How many of them are of what it has sent.
  private(set) var unfinishedCount = 0
  /// Since when a request is there in part, on the monotonic clock in ns; nil if none is.
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

  /// Tells the client what came of a request of its own.
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

  /// Says why, and closes.
  func refuse(_ status: ControlFailure.Status, _ sentence: String) {
    guard !isRefused else { return }
    isRefused = true
    publish("closed: \(sentence)", request: nil)
    reply(.failure(ControlFailure(status, sentence)), to: 0)
    stream.closeAfterWriting(sentence)
    // One that does not read would stay for ever.
    deadline = TimerWatcher(on: connector.loop) { [unowned self] in stream.close(.closed(sentence)) }
    deadline?.start(after: 5)
  }

  /// Says why, and closes at once, even if the client does not read it.
  func giveWay(_ sentence: String) {
    guard stream.isOpen else { return }
    publish("closed: \(sentence)", request: nil)
    if !isRefused { reply(.failure(ControlFailure(.limit, sentence)), to: 0) }
    isRefused = true
    stream.flush()
    stream.close(.closed(sentence))
  }

  /// Counts the memory that is held for the client. May end this session, or others.
  func countMemory() {
    guard stream.isOpen else { return }
    let held = unfinishedCount + stream.heldCount + (job?.byteCount ?? 0)
    let difference = held - heldCount
    heldCount = held
    if difference != 0 { server.noteHeld(difference) }
  }

  /// A part of a request is there, or requests that wait; more room is needed for what is announced of it.
  private func noteUnfinished(_ slice: ChunkSlice, rest: Int, isNew: Bool) {
    if rest == 0 || stream.isPaused {
      unfinishedSince = nil
    } else if isNew || unfinishedSince == nil {
      unfinishedSince = Clock.monotonic()
    }
    // What is little is kept in memory of its own size, more in the chunk that it was read into; and that is followed by
    // one twice as large before more is read.
    let announced = min(stream.expectedCount, 2 * rest)
    unfinishedCount = rest <= ByteStream.parkingLimit ? rest : max(slice.chunk.capacity, announced)
    countMemory()
  }

  /// Whether a message may be sent now, with those that wait or by itself; otherwise it has to wait for them.
  func isReady(toSend byteCount: Int, to target: ControlTarget) -> Bool {
    job?.takes(byteCount: byteCount, to: target) ?? false || isReady()
  }

  /// Whether nothing waits to be sent; sends what does, as far as possible.
  func isReady() -> Bool {
    goOn()
    return job == nil && stream.isOpen
  }

  /// Who a target names, once a message may be sent to it, and the ids that are not there.
  func recipients(_ target: ControlTarget) -> (found: [PeerConnection], missing: [UInt32]) {
    let job = job ?? SendJob(to: target, connector.recipients(target), limits: connector.limits)
    self.job = job
    return job.recipients
  }

  /// Sends a message to these recipients, with others to them that the client asks for at once.
  func gather(_ message: [UInt8], request: UInt32?) { job?.add(message, request: request) }

  /// Sends what waits; what the client asks next waits until that is done.
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
    // What peers have not taken is theirs from now on.
    job.letGo()
    connector.limits.enforce()
    for (request, event) in outcomes { tell(event, about: request) }
    resumeIfIdle()
  }

  /// Whether there is room for the records that a request makes; otherwise it waits.
  func hasRoom(for room: Room) -> Bool {
    guard room == .much ? connector.hasRoom : connector.hasLittleRoom else {
      neededRoom = room
      stream.pause()
      server.waitForRoom()
      return false
    }
    return true
  }

  /// There is room for records again, so much, or none.
  func hasRoom(_ room: Room?) {
    if room == .much { goOn() }
    guard let neededRoom, room == .much || room == neededRoom else { return }
    self.neededRoom = nil
    resumeIfIdle()
  }

  /// Has what the client asks next wait for the next turn of the loop. It may be told to wait again then.
  func waitForTurn() {
    isQueued = true
    stream.pause()
    server.waitForTurn(self)
  }

  /// It is the client's turn.
  func takeTurn() {
    isQueued = false
    resumeIfIdle()
  }

  /// Takes further requests, unless one is under way or waits, or the client has too much to read.
  private func resumeIfIdle() {
    guard stream.isOpen, stream.isPaused, job == nil, neededRoom == nil, !isQueued else { return }
    if stream.unsentCount <= limits.maxWaiting { stream.resume() }
  }

  /// Registers a message; returns its id.
  func keep(_ message: [UInt8]) throws(ControlFailure) -> UInt32 {
    let identifier = try server.register(message, for: self)
    messages[identifier] = message
    return identifier
  }

  /// Forgets a registered message; false if there is none with that id.
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

  /// Publishes a command: who, which request, what.
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
        // What it asks next waits until it has read what it asked before.
        if stream.isOpen, stream.unsentCount > limits.maxWaiting { stream.pause() }
      }
      goOn()
    } catch {
      goOn()
      // Where frames begin is no longer known.
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

  /// The next frame; nil if it has not come, or if it is of a version that is not served.
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

  /// Handles a frame; false where it has to wait.
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
