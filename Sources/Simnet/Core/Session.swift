import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Observations

/// One connection between a node and an observer: a socket for its conversation.
final class Session: ByteStreamHandler {
  /// Number of the session, never used again in the network.
  let number: UInt64

  /// The node at our end.
  let node: SimulatedNode

  private unowned let simnet: Simnet
  private let descriptor: Int32
  private var conversation: Conversation
  private var stream: ByteStream?
  private var unstamped: [(kind: Conversation.Announcement.Kind, hash: Hash256)] = []
  private var isWaitingForRoom = false
  private var inventoryDue: UInt64?
  private var addressesDue: UInt64?
  private let disguise: Disguise?
  private var trail: MessageTrail?

  /// Takes ownership of a connected descriptor.
  init(
    _ number: UInt64,
    _ conversation: Conversation,
    descriptor: Int32,
    trail: MessageTrail?,
    simnet: Simnet
  ) {
    self.number = number
    self.trail = trail
    disguise = simnet.neighbourhood.disguise(of: conversation.node.index)
    self.conversation = conversation
    self.simnet = simnet
    self.descriptor = descriptor
    node = conversation.node
    stream = ByteStream(descriptor, on: simnet.loop, handler: self)
  }

  /// The end that opened the connection.
  var direction: Conversation.Direction { conversation.direction }

  /// Performs the conversation's first actions.
  func open() { perform(conversation.open(simnet.ledger, at: simnet.now())) }

  /// Performs the conversation's due action.
  func tick(at now: UInt64) {
    if now >= conversation.deadline { perform(conversation.tick(at: now)) }
  }

  /// Announces an item that the node has just got, if the peer wants it: a block at once, a transaction with
  /// the next batch.
  func announce(_ item: Ledger.Item) {
    switch item {
    case .block(let height):
      if disguise?.hidesBlocks == true { return }
      if let announcement = conversation.announceBlock(height, simnet.ledger) { tell(announcement) }
    case .transaction(let number):
      guard conversation.queue(number, simnet.ledger), inventoryDue == nil else { return }
      planInventory(after: simnet.now())
    }
  }

  /// Queues an address for the peer's next batch, if the peer wants it.
  func hear(_ known: KnownNode) {
    guard conversation.queue(known), addressesDue == nil else { return }
    let peer = 1 << 32 | number
    let due = simnet.links.nextAddresses(of: node.index, to: peer, after: simnet.now())
    addressesDue = due
    simnet.wakeUps.add(self, at: due)
  }

  /// Sends the due announcements and addresses.
  func wake(at now: UInt64) {
    guard stream?.isOpen ?? false else { return }
    if let due = inventoryDue, due <= now {
      inventoryDue = nil
      if let announcement = conversation.takeInventory(simnet.ledger) { tell(announcement) }
      if conversation.hasWaiting { planInventory(after: now) }
    }
    if let due = addressesDue, due <= now {
      addressesDue = nil
      if let message = conversation.takeAddresses() { send(message) }
    }
  }

  private func planInventory(after now: UInt64) {
    let links = simnet.links
    let time =
      switch direction {
      case .inbound:
        links.nextInventory(of: node.index, toInbound: conversation.peer.address.network, after: now)
      case .outbound: links.nextInventory(of: node.index, toOutbound: 1 << 32 | number, after: now)
      }
    inventoryDue = time
    simnet.wakeUps.add(self, at: time)
  }

  private func tell(_ announcement: Conversation.Announcement) {
    simnet.statistics.announced += announcement.hashes.count
    if simnet.truth != nil { unstamped += announcement.hashes.map { (announcement.kind, $0) } }
    send(announcement.message)
  }

  /// Sends whole messages from outside the conversation, one after another in `messages`.
  func say(_ messages: [UInt8], count: Int) {
    guard let stream, stream.isOpen else { return }
    simnet.statistics.sent += count
    _ = trail?.sent(messages)
    stream.write(messages)
  }

  /// Number of unsent bytes.
  var unsentCount: Int { stream?.unsentCount ?? 0 }

  /// Closes the connection. Does nothing the second time.
  func close(_ reason: String) { stream?.close(.closed(reason)) }

  /// Closes the connection with a reset, like a machine that fails. Does nothing the second time.
  func reset(_ reason: String) {
    guard stream?.isOpen ?? false else { return }
    // SO_LINGER 0: closing does not wait, drops the unsent bytes and sends RST.
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    close(reason)
  }

  /// Resumes sending and reading after the peer has made room.
  func goOn() {
    guard isWaitingForRoom, let stream, stream.isOpen, serve() else { return }
    isWaitingForRoom = false
    stream.resume()
  }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var consumed = 0
    let bytes = slice.bytes
    while stream.isOpen {
      guard serve() else {
        isWaitingForRoom = true
        stream.pause()
        break
      }
      switch simnet.framer.next(in: UnsafeRawBufferPointer(rebasing: bytes[consumed...])) {
      case .needMore(let total):
        stream.expectedCount = total
        return consumed
      case .violation(let violation):
        close(violation.description)
      case .message(let header, let total, let checksumValid):
        let payload = bytes[(consumed + MessageHeader.size)..<(consumed + total)]
        trail?.received(UnsafeRawBufferPointer(rebasing: bytes[consumed..<(consumed + total)]), at: time)
        consumed += total
        simnet.statistics.received += 1
        // As in Bitcoin Core, a message with a wrong checksum is ignored.
        if checksumValid { handle(header.command, UnsafeRawBufferPointer(rebasing: payload)) }
      }
    }
    return consumed
  }

  func streamWillFlush(_ stream: ByteStream) {
    trail?.stamp()
    guard !unstamped.isEmpty, let truth = simnet.truth else { return }
    let time = Clock.now()
    for (kind, hash) in unstamped { truth.announced(kind, hash, to: self, at: time) }
    unstamped.removeAll()
  }

  func streamDidDrain(_ stream: ByteStream) {
    if isWaitingForRoom { simnet.goOnLater(self) }
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    if conversation.phase == .established { simnet.statistics.established -= 1 }
    simnet.pacer?.remove(self)
    trail?.closed(for: reason)
    simnet.ended(self, for: reason.description)
  }

  private func handle(_ command: Command, _ payload: UnsafeRawBufferPointer) {
    do throws(WireError) {
      let message = try Message.decode(command, payload: payload.bytes).message
      let phase = conversation.phase
      let actions = conversation.receive(message, simnet.ledger, at: simnet.now())
      let isNew = phase != .established && conversation.phase == .established
      if isNew { simnet.statistics.established += 1 }
      perform(actions)
      if isNew, stream?.isOpen == true { simnet.pacer?.add(self) }
    } catch {
      close("\(command): \(error)")
    }
  }

  /// Sends requested items while there is room. Returns whether all are sent and there is room left.
  private func serve() -> Bool {
    while let stream, stream.isOpen, stream.unsentCount < simnet.settings.sendLimits.pause {
      guard let message = conversation.serve(simnet.ledger) else { return true }
      send(message)
    }
    return false
  }

  private func perform(_ actions: [Conversation.Action]) {
    for action in actions {
      switch action {
      case .send(let message): send(message)
      case .take(let transaction): simnet.take(transaction, at: node.index)
      case .hear(let told): simnet.hear(told, at: node.index)
      case .close(let reason): return close(reason)
      }
    }
  }

  private func send(_ message: Message) {
    guard let stream, stream.isOpen else { return }
    simnet.statistics.sent += 1
    let frame = simnet.settings.network.frame(disguise?.apply(to: message) ?? message)
    _ = trail?.sent(frame)
    stream.write(frame)
    if stream.unsentCount > simnet.settings.sendLimits.close { close("the peer does not read") }
  }
}
