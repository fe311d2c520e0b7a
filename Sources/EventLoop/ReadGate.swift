import Bytes
import CLibEV
import Glibc

/// Reads streams in a fair order. While closed, it reads only streams that send little, and only as long as
/// there is a reserve.
///
/// The order is a deficit round robin. In each round a stream may cost `share`, for reading, handling and
/// answering together (`ByteStream.charge`). A readable stream that has not used its share is *light*: it is
/// read at once, before all *heavy* ones. A stream that has more bytes than a small read takes, or has used
/// its share, is heavy: it waits in a ring, and the end of the ring ends a round. Cost beyond the share is
/// owed in the following rounds. After `turnShare` of work the gate returns to the loop, so that new light
/// streams, timers and other watchers get their turn.
///
/// The gate's own edge-triggered epoll instance watches the streams, and the loop watches that instance as
/// one descriptor. Closing and opening the gate costs the same for any number of streams.
public final class ReadGate {
  /// Cost of handling a message, besides its bytes. A byte read and handled costs 1 1/4.
  public static let messageCost = 256

  /// Cost that a stream may cause in a round.
  static let share = 128 << 10

  /// Cost after which the gate returns to the loop: about a millisecond of work.
  static let turnShare = 1 << 20

  /// Most bytes read from a light stream before it becomes heavy, if there are heavy streams.
  static let lightRead = 8 << 10

  /// Most bytes of one read, unless a longer message is known to come. All bytes read are handled at once, so
  /// a long read delays the others.
  static let heavyRead = 32 << 10

  /// Most events fetched from epoll in one call, and most calls in a turn.
  private static let collection = (events: 256, count: 16)

  /// Most heavy streams visited in a turn. A visit to a stream that owes costs next to nothing.
  private static let visitsPerTurn = 1 << 14

  /// Number of streams ahead of the current one whose memory is prefetched into the processor's cache.
  private static let lead = 4

  /// Whether all streams may be read.
  public private(set) var isOpen = true

  /// Whether light streams may be read although the gate is closed. Called before each read. Once it returns
  /// false, no stream is read until the gate opens.
  public var hasReserve: () -> Bool = { false }

  private var isSpent = false
  private let epoll: Int32
  private var watcher: DescriptorWatcher?
  /// Runs while a stream that may be read is waiting.
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

  /// Suspends heavy streams at once, and light streams once there is no reserve.
  public func close() {
    isOpen = false
    updateWatchers()
  }

  /// Resumes all streams.
  public func open() {
    isOpen = true
    isSpent = false
    updateWatchers()
  }

  /// Adds a stream, to be read while the gate is open.
  ///
  /// - Throws: `IOError` if epoll refuses the descriptor.
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

  /// Removes a stream.
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

  /// Enqueues the streams that have become readable.
  private func collect() {
    for _ in 0..<Self.collection.count {
      let count = Int(max(0, epoll_wait(epoll, events.baseAddress, Int32(events.count), 0)))
      for event in events[..<count] {
        // After the end of the stream, an error or urgent data, a short read does not mean that nothing is
        // left.
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

  /// Reads from the first stream of a list; returns the cost.
  private func read(_ descriptor: Int32) -> Int {
    let (stream, share, isLight, toEnd) = queue.take(descriptor)
    let isBulk = isOpen && (!isLight || queue.first(.heavy) == nil)
    let isMore = stream.readShare(
      share,
      limit: isBulk ? Self.heavyRead : Self.lightRead,
      isBulk: isBulk,
      toEnd: toEnd
    )
    // Send this stream's answers before reading the long messages of the others.
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
