import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// What all peers together may take of us: connections, descriptors and memory.
final class PeerLimits {
  /// Most descriptors that are kept for other things than peers: clients, the log, files.
  private static let reserve = 256

  /// Most events a second of peers that are turned away; what more there are is counted.
  private static let eventRate = 100.0

  private unowned let connector: Connector
  private var gate = InboundGate()
  private var refusals: FailureSum
  private var shedding: TimerWatcher?
  private var isShedding = false
  private var heap = Heap()

  /// How many connections there may be, for the sake of descriptors: each takes one.
  let connectionLimit: Int

  /// Bytes of memory that are held for peers.
  private(set) var heldCount = 0

  /// Where messages that many are sent are kept, once for all.
  let sharedPool = ChunkPool(chunkCapacity: 1, spareLimit: 0, isShared: true)

  /// Bytes of messages that are still being sent to all whom a client named: they count for the client.
  var sendingCount = 0

  /// Bytes of messages that clients have sent and that wait for peers, each counted once.
  var sharedCount: Int { sharedPool.lentCount - sendingCount }

  /// How many connections of peers to us are counted.
  var inboundCount: Int { gate.openCount }

  /// Begins with no peer.
  init(of connector: Connector) {
    self.connector = connector
    let limit = (try? DescriptorLimit.current()) ?? 1024
    connectionLimit = limit - min(Self.reserve, limit / 4)
    refusals = FailureSum(rate: Self.eventRate, now: Clock.monotonic())
    shedding = TimerWatcher(on: connector.loop) { [unowned self] in shed() }
  }

  // MARK: Connections

  /// Why no peer can be dialled now; nil where one can.
  var dialRefusal: Outcome? {
    guard !hasRoom else { return nil }
    let count = connector.connections.count
    return Outcome(.outOfDescriptors, .openFiles, value: count, bound: connectionLimit)
  }

  /// Lets a peer in, or says why not.
  func refusal(of address: NetworkAddress) -> Outcome? {
    guard hasRoom else { return dialRefusal }
    return gate.refusal(of: address, connector.settings, now: Clock.monotonic())
  }

  private var hasRoom: Bool { connector.connections.count < connectionLimit }

  /// Closes a peer's connection that was not let in. It is told of as any that is closed, but for a flood's, which are
  /// counted.
  func turnAway(_ descriptor: Int32, _ remote: Endpoint, id: UInt32, _ outcome: Outcome) {
    let now = Clock.now()
    if refusals.mayTell(Clock.monotonic()) {
      let local = Endpoint(Socket.localAddress(of: descriptor)) ?? Endpoint(.ipv4(0), port: 0)
      for code in [ConnectionEvent.Code.accepted, .closedByUs] {
        let event = ConnectionEvent(
          code,
          .inbound,
          remote: remote,
          local: local,
          outcome: code == .closedByUs ? outcome : nil
        )
        connector.publisher.publish(.connection, connection: id, at: now, body: event.body)
      }
    } else {
      refusals.add(id, outcome, at: now)
      if refusals.isFull { tellRefusals() }
    }
    close(descriptor)
  }

  /// Once a second: how many were turned away without an event.
  func tellRefusals() {
    for sentence in refusals.take("connects of peers turned away") { connector.report(.connector, sentence) }
  }

  /// A connection is gone.
  func ended(_ connection: PeerConnection) {
    heldCount -= connection.heldCount
    if connection.direction == .inbound { gate.left(connection.remote.address) }
  }

  // MARK: Memory

  /// More memory is held for a peer, or less. Complexity: constant.
  func noteHeld(_ difference: Int) {
    heldCount += difference
    // Not at once: the peer in question is being served, and so may others be.
    if takesTooMuch, shedding?.isRunning == false { shedding?.start(after: 0) }
  }

  /// Closes those that take most, if all together take too much. Ends connections, perhaps that of the caller.
  ///
  /// Called whenever what a peer sent has been handled: one turn of the loop may read far more than the bound.
  func enforce() { if takesTooMuch, !isShedding { shed() } }

  /// Returns memory that is not used to the system. Called once a second.
  func returnUnused() { heap.returnUnused() }

  private var memoryLimit: Int { connector.configuration.connector.peerMemory }

  /// Whether all peers together take too much, or clients' messages that wait for them take more than half of it.
  private var takesTooMuch: Bool {
    heldCount + sharedCount > memoryLimit || sharedCount > memoryLimit / 2
  }

  /// Closes those for which most is held, until a quarter of the memory is free. Nobody is closed for what the system
  /// takes at once.
  private func shed() {
    isShedding = true
    defer { isShedding = false }
    var holders = connector.connections.all
    for holder in holders { holder.countMemory() }
    guard takesTooMuch else { return }
    if sharedCount > memoryLimit / 2 {
      // A message goes once the last one has gone that it waits for: those that are furthest behind go first.
      holders.sort { $0.waitingCount > $1.waitingCount }
      giveUp(holders, for: \.waitingCount) { sharedCount > memoryLimit / 4 }
    }
    guard heldCount + sharedCount > memoryLimit else { return }
    holders.sort { $0.heldCount > $1.heldCount }
    giveUp(holders, for: \.heldCount) { heldCount + sharedCount > memoryLimit / 4 * 3 }
    heap.returnUnused()
  }

  /// Closes holders in order while a condition holds.
  private func giveUp(
    _ holders: [PeerConnection],
    for count: KeyPath<PeerConnection, Int>,
    while isTooMuch: () -> Bool
  ) {
    for holder in holders {
      guard isTooMuch() else { return }
      holder.stream?.flushUnlessBlocked()
      holder.countMemory()
      guard holder.isLive, holder[keyPath: count] > 0 else { continue }
      let outcome = Outcome(.outOfMemory, .peerMemory, value: holder[keyPath: count], bound: memoryLimit)
      holder.end(.closedByUs, outcome)
    }
  }
}

extension Connector {
  /// How many connections the limit of open files allows, with some left for clients, the log and files.
  public var connectionLimit: Int { limits.connectionLimit }
}
