import Bytes
import CLibEV
import Glibc

/// Reads from streams in a fair order, and only those that say little while what is read cannot be passed on.
///
/// The order is a deficit round robin. Each stream may cost `share` in each round, in reading, handling and answering
/// alike (`ByteStream.charge`). One that becomes readable and has not used its share is *light*: it is read from at once,
/// before all that are *heavy*. One that has more to say than a small read takes, or has used its share, is heavy: it
/// waits in a ring, at whose end a round ends. What a stream costs beyond its share it owes in the rounds after. After
/// some work the loop gets its turn, so that new light streams, timers and others get theirs.
///
/// An epoll instance of its own watches the streams, edge-triggered, and the loop watches that as one descriptor: to
/// close and to open it costs the same, however many streams there are.
public final class ReadGate {
  /// What handling a message costs besides its bytes; a byte read and handled costs 1 1/4.
  public static let messageCost = 256

  /// What a stream may cost in a round.
  static let share = 128 << 10

  /// Cost after which the loop gets its turn: about a millisecond.
  static let turnShare = 1 << 20

  /// Most bytes of a light stream that are read before it becomes heavy, if there are heavy ones.
  static let lightRead = 8 << 10

  /// Most bytes that are read at once, unless a message is known to be longer: what is read is handled at once.
  static let heavyRead = 32 << 10

  /// How many streams are reported at once as readable, and how often in a turn.
  private static let collection = (events: 256, count: 16)

  /// Most heavy streams that are looked at in a turn; looking at one that owes costs next to nothing.
  private static let visitsPerTurn = 1 << 14

  /// How many streams ahead of the one that is read from is fetched into the processor's cache.
  private static let lead = 4

  /// Whether all streams may be read from.
  public private(set) var isOpen = true

  /// Whether light streams may be read from although the gate is closed; asked before each. Once it says no, none is
  /// until the gate opens.
  public var hasReserve: () -> Bool = { false }

  private var isSpent = false
  private let epoll: Int32
  private var watcher: DescriptorWatcher?
  /// Runs while somebody waits who may be read from.
  private var turns: TurnWatcher?
  private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: collection.events)
  private var queue = ReadQueue()

  /// Creates an open gate.
  public init(on loop: EventLoop) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { EventLoop.giveUp(IOError("create an epoll instance")) }
    watcher = DescriptorWatcher(epoll, on: loop) { [unowned self] _ in
      if turns?.isRunning == false { takeTurn() }
    }
    turns = TurnWatcher(on: loop) { [unowned self] in takeTurn() }
    open()
  }

  deinit {
    watcher?.cancel()
    turns?.cancel()
    Glibc.close(epoll)
    events.deallocate()
  }

  /// Holds heavy streams at once, and all once there is no reserve.
  public func close() {
    isOpen = false
    updateWatchers()
  }

  /// Has all streams read from again.
  public func open() {
    isOpen = true
    isSpent = false
    updateWatchers()
  }

  /// Has a stream read from while the gate is open.
  func admit(_ stream: ByteStream) throws(IOError) {
    let descriptor = stream.descriptor
    var event = epoll_event()
    event.events =
      EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLPRI.rawValue | EPOLLET.rawValue
    event.data.fd = descriptor
    queue.insert(stream)
    guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
      let error = IOError("watch")
      queue.remove(descriptor)
      throw error
    }
  }

  /// Has a stream read from no more.
  func dismiss(_ stream: ByteStream) {
    queue.remove(stream.descriptor)
    _ = epoll_ctl(epoll, EPOLL_CTL_DEL, stream.descriptor, nil)
  }

  private func takeTurn() {
    collect()
    var left = Self.turnShare
    var ahead = queue.first(.light, after: Self.lead)
    while left > 0, mayReadLight, let descriptor = queue.first(.light) {
      if let next = ahead {
        queue.fetch(next)
        ahead = queue.next(after: next)
      }
      left -= read(descriptor)
    }
    var visits = Self.visitsPerTurn
    while left > 0, visits > 0, isOpen, let descriptor = queue.nextHeavy() {
      visits -= 1
      if queue.mayCost(descriptor) { left -= read(descriptor) } else { queue.putBack(descriptor) }
    }
    if queue.isEmpty { queue.endRound() }
    updateWatchers()
  }

  /// Queues the streams that have become readable.
  private func collect() {
    for _ in 0..<Self.collection.count {
      let count = Int(max(0, epoll_wait(epoll, events.baseAddress, Int32(events.count), 0)))
      for event in events[..<count] {
        // After its last bytes, or out of turn, a read may be short although there is more.
        let isShort = event.events & ~EPOLLIN.rawValue != 0
        queue.becameReadable(event.data.fd, toEnd: isShort)
      }
      guard count == events.count else { return }
    }
  }

  private var mayReadLight: Bool {
    if isOpen { return true }
    if !isSpent { isSpent = !hasReserve() }
    return !isSpent
  }

  /// Reads from the first of a queue; returns what that cost.
  private func read(_ descriptor: Int32) -> Int {
    let (stream, share, isLight, toEnd) = queue.take(descriptor)
    let isBulk = isOpen && (!isLight || queue.first(.heavy) == nil)
    let isMore = stream.readShare(
      share,
      limit: isBulk ? Self.heavyRead : Self.lightRead,
      isBulk: isBulk,
      toEnd: toEnd
    )
    // What it is answered goes before the others' long messages are read.
    if isLight, queue.first(.heavy) != nil { stream.flushUnlessBlocked() }
    let cost = stream.takeCharge()
    queue.finish(stream, descriptor, cost: cost, isMore: isMore)
    return cost
  }

  private func updateWatchers() {
    let mayRead = mayReadLight
    watcher?.watch(for: mayRead ? .readable : [])
    if mayRead && queue.first(.light) != nil || isOpen && queue.first(.heavy) != nil {
      turns?.start()
    } else {
      turns?.cancel()
    }
  }
}
