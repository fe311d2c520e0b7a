import Access
import Bytes
import Configuration
import ControlProtocol
import EventLoop
import Logging

/// Takes clients' commands on the control socket, and over TCP on loopback where that is configured.
final class ControlServer {
  private unowned let connector: Connector
  private var listeners: [Listener] = []
  private var sessions: [ControlSession] = []
  private var nextMessage: UInt32 = 0
  private var gate: AccessGate?
  private var room: TimerWatcher?
  private var turnEnd: TimerWatcher?
  /// Whether clients are being closed for the memory that all take.
  private var isShedding = false
  /// Nanoseconds of this turn of the loop that requests have taken.
  private var spent: UInt64 = 0
  /// Those whose next request waits for a turn, in the order in which they came.
  private var queue: ArraySlice<ControlSession> = []

  /// Nanoseconds of a turn of the loop after which further requests wait for the next turn.
  private static let share: UInt64 = 4_000_000

  /// Nanoseconds of it that one client may take while others wait.
  private static let clientShare: UInt64 = 500_000

  /// Messages registered by the sessions that are open.
  private(set) var registeredCount = 0

  /// Bytes of these messages.
  private var registeredBytes = 0

  var sessionCount: Int { sessions.count }

  init(
    _ configuration: Configuration,
    group: UInt32?,
    key: AccessKey?,
    connector: Connector
  ) throws(IOError) {
    self.connector = connector
    let mode = configuration.permissions.socketMode
    let configuration = configuration.connector
    let backlog = Int32(configuration.controlListen)
    let accept: (Int32, SocketAddress) -> Void = { [unowned self] in add($0, from: $1) }
    try listen(on: .unix(configuration.controlPath), backlog: backlog, mode: mode, group: group, accept)
    if let key {
      gate = AccessGate(key, for: .control, on: connector.loop, accept: accept) { [unowned connector] in
        connector.report(.error, "control: \($0)")
      }
    }
    if let endpoint = configuration.controlTCP,
      let address = SocketAddress(addressBytes: endpoint.address.bytes, port: endpoint.port)
    {
      try listen(on: address, backlog: backlog, mode: mode, group: nil) { [unowned self] in
        if let gate { gate.challenge($0, from: $1) } else { add($0, from: $1) }
      }
    }
  }

  /// The addresses that clients may connect to.
  var addresses: [SocketAddress] { listeners.map(\.address) }

  /// Takes no more clients; those that are there stay.
  func stopListening() {
    for listener in listeners { listener.close() }
  }

  func close() {
    stopListening()
    for session in sessions { session.closeAfterReplies() }
  }

  /// A client's message waits for the log server: looks soon whether there is room.
  func waitForRoom() {
    if room == nil {
      room = TimerWatcher(on: connector.loop) { [unowned self] in
        let room: ControlSession.Room? =
          connector.hasMuchRoom ? .much : connector.hasLittleRoom ? .little : nil
        for session in sessions { session.hasRoom(room) }
        if sessions.contains(where: \.waitsForRoom) { waitForRoom() }
      }
    }
    if room?.isRunning == false { room?.start(after: 0.001) }
  }

  func removed(_ session: ControlSession) {
    heldCount -= session.heldCount
    session.forgetAll()
    sessions.removeAll { $0 === session }
  }

  // MARK: Memory

  /// Bytes of memory that clients take, as last counted.
  private(set) var heldCount = 0

  /// A client takes more memory, or less. Closes clients, perhaps that one, if all together take too much.
  func noteHeld(_ difference: Int) {
    heldCount += difference
    let limit = connector.configuration.connector.client.memory
    guard heldCount > limit, !isShedding else { return }
    isShedding = true
    defer { isShedding = false }
    for session in sessions { session.countMemory() }
    while heldCount > limit, let session = largestBurden() {
      session.giveWay(
        "\(heldCount) bytes are held for clients (connector.client.memory), \(session.heldCount) for this one"
      )
    }
  }

  /// The client whose request has been unfinished for longest; or the one for which most is held, if more waits to be read
  /// by clients than they have sent in part.
  private func largestBurden() -> ControlSession? {
    let sent = sessions.reduce(0) { $0 + $1.unfinishedCount }
    let oldest = sessions.filter { $0.unfinishedSince != nil }.min {
      $0.unfinishedSince! < $1.unfinishedSince!
    }
    if let oldest, sent >= heldCount - sent { return oldest }
    return sessions.filter { $0.heldCount > 0 }.max { $0.heldCount < $1.heldCount }
  }

  // MARK: Turns

  /// Whether a client's request may be handled in this turn of the loop.
  ///
  /// - Parameter own: nanoseconds that its requests have just taken.
  func hasTurn(spent own: UInt64) -> Bool {
    spent < Self.share && (own < Self.clientShare || queue.isEmpty && sessions.count == 1)
  }

  /// Requests took so long.
  func spend(_ time: UInt64) {
    if spent == 0 { nextTurn() }
    spent += max(1, time)
  }

  /// A client's next request waits for the next turn of the loop, behind those that wait already.
  func waitForTurn(_ session: ControlSession) {
    queue.append(session)
    nextTurn()
  }

  private func nextTurn() {
    if turnEnd == nil {
      turnEnd = TimerWatcher(on: connector.loop) { [unowned self] in takeTurns() }
    }
    if turnEnd?.isRunning == false { turnEnd?.start(after: 0) }
  }

  private func takeTurns() {
    spent = 0
    // One that has to wait again is behind the others.
    for _ in 0..<queue.count where spent < Self.share { queue.popFirst()?.takeTurn() }
    if queue.isEmpty { queue = [] } else { nextTurn() }
  }

  // MARK: Registered messages

  /// Counts a message that a session registers.
  ///
  /// - Returns: its id, which no other message of the session has.
  /// - Throws: `limit` if the session, or all together, have as much as they may.
  func register(_ message: [UInt8], for session: ControlSession) throws(ControlFailure) -> UInt32 {
    let limits = connector.configuration.connector
    func refuse(_ words: String, _ key: String) -> ControlFailure {
      ControlFailure(.limit, "\(words) are registered, as many as connector.\(key) allows")
    }
    guard session.messages.count < limits.client.maxMessages else {
      throw refuse("\(session.messages.count) messages of this client", "client.max_messages")
    }
    guard registeredCount < limits.messagePoolSize else {
      throw refuse("\(registeredCount) messages", "msg_pool_size")
    }
    guard registeredBytes + message.count <= limits.messagePoolBytes else {
      throw refuse("messages of \(registeredBytes) bytes, with \(message.count) more,", "msg_pool_bytes")
    }
    registeredCount += 1
    registeredBytes += message.count
    repeat {
      nextMessage = nextMessage == .max ? 1 : nextMessage + 1
    } while session.messages[nextMessage] != nil
    return nextMessage
  }

  /// A message is registered no longer.
  func noteForgotten(_ message: [UInt8]) {
    registeredCount -= 1
    registeredBytes -= message.count
  }

  private func add(_ descriptor: Int32, from remote: SocketAddress) {
    let session = ControlSession(descriptor, from: remote, connector: connector, server: self)
    sessions.append(session)
    let limit = connector.configuration.connector.client.limit
    if sessions.count > limit {
      session.refuse(.limit, "\(limit) clients are connected, as many as connector.client.limit allows")
    }
  }

  private func listen(
    on address: SocketAddress,
    backlog: Int32,
    mode: UInt32,
    group: UInt32?,
    _ accept: @escaping (Int32, SocketAddress) -> Void
  ) throws(IOError) {
    let listener = try Listener(
      on: address,
      backlog: backlog,
      mode: mode,
      group: group,
      loop: connector.loop,
      accept: accept,
      fail: { [unowned self] in connector.report(.error, "control: \($0)") }
    )
    listeners.append(listener)
    connector.logger.info("taking commands", metadata: ["on": "\(listener.address)"])
  }
}
