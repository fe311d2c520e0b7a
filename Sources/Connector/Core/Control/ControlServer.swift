import Access
import Bytes
import Configuration
import ControlProtocol
import EventLoop
import Logging

/// Accepts clients on the control socket, and over TCP if configured.
final class ControlServer {
  private unowned let connector: Connector
  private var listeners: [Listener] = []
  private var sessions: [ControlSession] = []
  private var nextMessage: UInt32 = 0
  private var gate: AccessGate?
  private var room: TimerWatcher?
  private var turnEnd: TimerWatcher?
  /// Whether clients are being closed to free memory.
  private var isShedding = false
  /// Nanoseconds spent on requests in this loop iteration.
  private var spent: UInt64 = 0
  /// Sessions whose next request waits for a turn, in order of arrival.
  private var queue: ArraySlice<ControlSession> = []

  /// Nanoseconds of a loop iteration for requests. Further requests wait for the next iteration.
  private static let share: UInt64 = 4_000_000

  /// Nanoseconds of `share` for one client while other clients are connected.
  private static let clientShare: UInt64 = 500_000

  /// Messages registered in all open sessions.
  private(set) var registeredCount = 0

  /// Bytes of all registered messages.
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

  /// The addresses on which clients may connect.
  var addresses: [SocketAddress] { listeners.map(\.address) }

  /// Accepts no more clients. Open sessions stay.
  func stopListening() {
    for listener in listeners { listener.close() }
  }

  func close() {
    stopListening()
    for session in sessions { session.closeAfterReplies() }
  }

  /// Checks every millisecond whether there is room for records, until no session waits for room.
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

  /// Bytes of memory held for clients when last counted.
  private(set) var heldCount = 0

  /// Records a change of the memory held for a client. Closes clients, perhaps that one, if all together use
  /// too much.
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

  /// The client to close: the one with the oldest partial request, or the one with most memory if more data
  /// waits to be sent to clients than they have sent.
  private func largestBurden() -> ControlSession? {
    let sent = sessions.reduce(0) { $0 + $1.unfinishedCount }
    let oldest = sessions.filter { $0.unfinishedSince != nil }.min {
      $0.unfinishedSince! < $1.unfinishedSince!
    }
    if let oldest, sent >= heldCount - sent { return oldest }
    return sessions.filter { $0.heldCount > 0 }.max { $0.heldCount < $1.heldCount }
  }

  // MARK: Turns

  /// Whether a client's request may be handled in this loop iteration.
  ///
  /// - Parameter own: nanoseconds that the client's requests have just taken.
  func hasTurn(spent own: UInt64) -> Bool {
    spent < Self.share && (own < Self.clientShare || queue.isEmpty && sessions.count == 1)
  }

  /// Adds time spent on requests, in ns.
  func spend(_ time: UInt64) {
    if spent == 0 { nextTurn() }
    spent += max(1, time)
  }

  /// Queues a session for a turn in the next loop iteration.
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
    // A session that has to wait again is queued behind the others.
    for _ in 0..<queue.count where spent < Self.share { queue.popFirst()?.takeTurn() }
    if queue.isEmpty { queue = [] } else { nextTurn() }
  }

  // MARK: Registered messages

  /// Counts a message that a session registers.
  ///
  /// - Returns: the message's id, unique within the session.
  /// - Throws: `limit` if the session or all sessions together have too many messages or bytes.
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

  /// Removes a message from the counts.
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
    connector.logger.info("listening for clients", metadata: ["on": "\(listener.address)"])
  }
}
