import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// The limits of all peers together: connections, descriptors and memory.
final class PeerLimits {
  /// Descriptors reserved for clients, the log and files.
  private static let reserve = 256

  /// Refused peers a second that get events. Further ones are counted.
  private static let eventRate = 100.0

  private unowned let connector: Connector
  private var gate = InboundGate()
  private var refusals: FailureSum
  private var shedding: TimerWatcher?
  private var isShedding = false
  private var heap = Heap()

  /// The most connections that the descriptor limit allows. Each uses one descriptor.
  let connectionLimit: Int

  /// Bytes of memory held for peers.
  private(set) var heldCount = 0

  /// Buffers of messages that many peers are sent. Each message is kept once.
  let sharedPool = ChunkPool(chunkCapacity: 1, spareLimit: 0, isShared: true)

  /// Bytes of messages that are still being sent to all their recipients. They count for the client.
  var sendingCount = 0

  /// Bytes of clients' messages that wait for peers, each counted once.
  var sharedCount: Int { sharedPool.lentCount - sendingCount }

  /// The number of inbound connections.
  var inboundCount: Int { gate.openCount }

  /// Creates the limits, without any peer.
  init(of connector: Connector) {
    self.connector = connector
    let limit = (try? DescriptorLimit.current()) ?? 1024
    connectionLimit = limit - min(Self.reserve, limit / 4)
    refusals = FailureSum(rate: Self.eventRate, now: Clock.monotonic())
    shedding = TimerWatcher(on: connector.loop) { [unowned self] in shed() }
  }

  // MARK: Connections

  /// The reason why no peer can be dialled now; nil if one can.
  var dialRefusal: Outcome? {
    guard !hasRoom else { return nil }
    let count = connector.connections.count
    return Outcome(.outOfDescriptors, .openFiles, value: count, bound: connectionLimit)
  }

  /// Admits an inbound peer (nil), or returns the reason why it is refused.
  func refusal(of address: NetworkAddress) -> Outcome? {
    guard hasRoom else { return dialRefusal }
    return gate.refusal(of: address, connector.settings, now: Clock.monotonic())
  }

  private var hasRoom: Bool { connector.connections.count < connectionLimit }

  /// Closes a refused inbound connection. It gets the usual events, but in a flood it is only counted.
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

  /// Publishes how many were refused without an event. Called once a second.
  func tellRefusals() {
    for sentence in refusals.take("connects of peers turned away") { connector.report(.connector, sentence) }
  }

  /// Releases a closed connection's memory and its place.
  func ended(_ connection: PeerConnection) {
    heldCount -= connection.heldCount
    if connection.direction == .inbound { gate.left(connection.remote.address) }
  }

  // MARK: Memory

  /// Records a change of the memory held for a peer. Complexity: constant.
  func noteHeld(_ difference: Int) {
    heldCount += difference
    // Not at once: this peer is being served, and others may be too.
    if takesTooMuch, shedding?.isRunning == false { shedding?.start(after: 0) }
  }

  /// Closes the peers that use most memory, if all together use too much. May end the caller's connection.
  ///
  /// Called whenever input from a peer has been handled: one loop iteration may read far more than the limit.
  func enforce() { if takesTooMuch, !isShedding { shed() } }

  /// Returns unused memory to the system. Called once a second.
  func returnUnused() { heap.returnUnused() }

  private var memoryLimit: Int { connector.configuration.connector.peerMemory }

  /// Whether all peers together use too much memory, or clients' waiting messages more than half of the
  /// limit.
  private var takesTooMuch: Bool {
    heldCount + sharedCount > memoryLimit || sharedCount > memoryLimit / 2
  }

  /// Closes the peers with most memory until a quarter of the limit is free. A peer whose data the system
  /// accepts at once is not closed.
  private func shed() {
    isShedding = true
    defer { isShedding = false }
    var holders = connector.connections.all
    for holder in holders { holder.countMemory() }
    guard takesTooMuch else { return }
    if sharedCount > memoryLimit / 2 {
      // A shared message is freed with its last recipient, so close those that are furthest behind.
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
  /// The most connections that the limit of open files allows, less a reserve for clients, the log and files.
  public var connectionLimit: Int { limits.connectionLimit }
}
